package compare

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

// Level is what a comparison looks at.
type Level struct {
	Detectors []detect.Detector
	LeftOut   []NotSeen
	Sample    float64 // of the bodies; 0: all
}

// String says in one line what is looked at, the same for the same level.
func (l Level) String() string {
	names := make([]string, len(l.Detectors))
	for i, d := range l.Detectors {
		names[i] = d.Name()
		if sample, ok := d.(detect.BodySample); ok {
			names[i] = fmt.Sprintf("%s of %g", d.Name(), sample.Share)
		}
	}
	return strings.Join(names, ", ")
}

// LevelOf returns the detectors that can look at a pair: quick ones first. Of bodies they
// read a share, or where that is 0 all.
func LevelOf(ctx context.Context, pair *field.Pair, share float64) (Level, error) {
	l := Level{Sample: share}
	l.Detectors = []detect.Detector{detect.StatusCompare{}, detect.ListCompare{}, detect.IndexCompare{}}
	if share > 0 {
		l.Detectors = append(l.Detectors, detect.BodySample{Share: share})
	} else {
		l.Detectors = append(l.Detectors, detect.BodyCompare{})
	}
	if l.addScripts(pair) {
		l.Detectors = append(l.Detectors, detect.ScriptCompare{})
	}
	l.Detectors = append(l.Detectors, detect.Access{}, detect.ClientCaches{})
	for _, s := range pair.Servers {
		err := s.FilesKnown(ctx)
		var unsupported *target.UnsupportedError
		switch {
		case errors.As(err, &unsupported):
			l.LeftOut = append(l.LeftOut, NotSeen{detect.SpoolCheck{}.Name(), err.Error()})
			return l, nil
		case err != nil:
			return l, err
		}
	}
	l.Detectors = append(l.Detectors, detect.SpoolCheck{})
	return l, nil
}

// addScripts says whether scripts can be compared, and notes what of them cannot.
func (l *Level) addScripts(pair *field.Pair) bool {
	name := detect.ScriptCompare{}.Name()
	var blind []string
	for _, s := range pair.Servers {
		if !s.Has(view.Sieve) {
			l.LeftOut = append(l.LeftOut, NotSeen{name, fmt.Sprintf("the configuration of %s has no address of ManageSieve", s.Name())})
			return false
		}
		if !s.HasHost() {
			blind = append(blind, string(s.Name()))
		}
	}
	if len(blind) > 0 {
		l.LeftOut = append(l.LeftOut, NotSeen{name, "bytecode on " + strings.Join(blind, " and ") + ": the configuration has no host"})
	}
	return true
}

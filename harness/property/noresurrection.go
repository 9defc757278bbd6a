package property

import (
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// NoResurrection is property 2: what a user has expunged, and was told so, is
// not readable again at the end.
type NoResurrection struct{}

// Number implements [Property].
func (NoResurrection) Number() int { return 2 }

// Name implements [Property].
func (NoResurrection) Name() string { return "no-resurrection" }

// Doc implements [Property].
func (NoResurrection) Doc() string {
	return "no message whose expunge was acknowledged can be read again"
}

// Check implements [Property]. A mailbox that its server refuses to open shows
// nothing that could have come back, but it proves nothing either.
func (p NoResurrection) Check(scene Scene) Result {
	result := Result{Number: p.Number(), Name: p.Name()}
	for _, promise := range scene.Promises {
		if promise.Expunged != target.Acknowledged {
			continue
		}
		found, box := scene.Mail.find(promise)
		if box.Unknown != nil || box.Refused != nil {
			result.Unknown = append(result.Unknown, fmt.Sprintf("message %s: %v%v", promise.Marker, orNothing(box.Unknown), orNothing(box.Refused)))
			continue
		}
		result.Checked++
		if len(found) > 0 {
			result.violate(scene.Mail.Server, promise, found[0].UID, "its user expunged it, and it is there again")
		}
	}
	return result.conclude()
}

func orNothing(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

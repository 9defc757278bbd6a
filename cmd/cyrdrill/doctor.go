package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/cyrus"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

type doctorCommand struct {
	Suite string `default:"bookworm" help:"Which Cyrus is to be tested, as a Debian suite."`
}

// ailment is one thing that was looked at. Mend is empty where it is well.
type ailment struct {
	what, state, mend string
	// needed: without it, no real Cyrus can be tested.
	needed bool
}

// Run implements the command. The simulator needs nothing, so whatever is
// missing is missing for real Cyrus.
func (c *doctorCommand) Run(a *app) error {
	ailing := false
	for _, found := range c.examine(a.ctx) {
		sign := "ok"
		switch {
		case found.mend != "" && found.needed:
			sign, ailing = "MISSING", true
		case found.mend != "":
			sign = "note"
		}
		fmt.Fprintf(a.out, "%-8s %-16s %s\n", sign, found.what, found.state)
		if found.mend != "" {
			fmt.Fprintf(a.out, "%-8s %-16s to mend it: %s\n", "", "", found.mend)
		}
	}
	if ailing {
		return &statusError{status: statusSetup, text: "real Cyrus cannot be tested on this machine yet; the simulator can: cyrdrill run unreplicated-mail --target sim"}
	}
	return nil
}

func (c *doctorCommand) examine(ctx context.Context) []ailment {
	found := []ailment{{what: "simulator", state: "needs nothing"}}
	engine, err := cyrus.Engine(ctx)
	if err != nil {
		return append(found, ill("Docker engine", err), baseTool())
	}
	found = append(found, ailment{what: "Docker engine", state: engine})
	image := ailment{what: "image", state: "cyrdrill/cyrus:" + c.Suite}
	if err := cyrus.Check(ctx, c.Suite); err != nil {
		image = ill("image", err)
	}
	return append(found, image, baseTool(), leftovers(ctx))
}

// ill is a complaint that says by itself what would mend it.
func ill(what string, err error) ailment {
	var setup *target.SetupError
	if errors.As(err, &setup) {
		state := setup.Problem
		if setup.Err != nil {
			state += ": " + oneLine(setup.Err)
		}
		return ailment{what: what, state: state, mend: setup.Mend, needed: true}
	}
	return ailment{what: what, state: oneLine(err), mend: "see the message", needed: true}
}

// baseTool looks for what makes the base image where no registry is reached.
func baseTool() ailment {
	if _, err := exec.LookPath("mmdebstrap"); err == nil {
		return ailment{what: "mmdebstrap", state: "there: images can be made without a registry"}
	}
	mend := "apt-get install mmdebstrap (make images does it by itself when root on Debian or Ubuntu)"
	if runtime.GOOS != "linux" {
		mend = "none on this system: a registry must be in reach"
	}
	return ailment{what: "mmdebstrap", state: "not there: needed only to make images where no registry is reached", mend: mend}
}

// leftovers names the pairs that were kept.
func leftovers(ctx context.Context) ailment {
	kept, err := cyrus.ListKept(ctx)
	switch {
	case err != nil:
		return ill("kept pairs", err)
	case len(kept) == 0:
		return ailment{what: "kept pairs", state: "none"}
	}
	names := make([]string, len(kept))
	for i, pair := range kept {
		names[i] = pair.Name
	}
	return ailment{what: "kept pairs", state: strings.Join(names, ", "), mend: "cyrdrill down " + names[0]}
}

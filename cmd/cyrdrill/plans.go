package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
	"github.com/cyrdrill/cyrdrill/scenarios"
)

// maxPlanBytes bounds what is read as a plan: more is some other file.
const maxPlanBytes = 4 << 20

// source is a plan and how the user named it.
type source struct {
	*plan.Plan
	argument string // "unreplicated-mail", "dir/plan.yaml"; "-" for standard input
}

// loadPlans reads all plans before any of them is run, and returns every
// complaint about any of them.
func loadPlans(arguments []string, stdin io.Reader) ([]source, error) {
	var loaded []source
	var complaints plan.Errors
	for _, argument := range arguments {
		file, text, err := readPlan(argument, stdin)
		if err != nil {
			return nil, err
		}
		p, err := plan.Parse(file, text, drill.Names())
		var wrong plan.Errors
		switch {
		case errors.As(err, &wrong):
			complaints = append(complaints, wrong...)
		case err != nil:
			return nil, err
		default:
			loaded = append(loaded, source{p, argument})
		}
	}
	if len(complaints) > 0 {
		return nil, complaints
	}
	return loaded, nil
}

// readPlan returns the text of a plan: standard input for "-", a file for what
// looks like one, and otherwise the scenario of that name.
func readPlan(argument string, stdin io.Reader) (file string, text []byte, err error) {
	switch {
	case argument == "-":
		text, err = readAll(stdin)
		return "standard input", text, err
	case strings.ContainsRune(argument, filepath.Separator), strings.HasSuffix(argument, ".yaml"), strings.HasSuffix(argument, ".yml"):
		f, err := os.Open(argument)
		if err != nil {
			return argument, nil, fmt.Errorf("reading the plan: %w", err)
		}
		defer f.Close() // it was only read from
		text, err := readAll(f)
		return argument, text, err
	default:
		text, err := scenarios.Text(argument)
		if err != nil {
			return argument, nil, fmt.Errorf("%w (a plan of your own is named by its file: ./%s.yaml)", err, argument)
		}
		return scenarios.File(argument), text, nil
	}
}

func readAll(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxPlanBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading the plan: %w", err)
	}
	if len(text) > maxPlanBytes {
		return nil, fmt.Errorf("reading the plan: it is larger than %d bytes, so it is none", maxPlanBytes)
	}
	return text, nil
}

package drill

import (
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// ResultVersion is the version of result.json's format.
const ResultVersion = "cyrdrill.result/v1"

// Result is what one run of a plan showed. It is what result.json holds.
type Result struct {
	APIVersion string `json:"apiVersion"`
	Plan       string `json:"plan"`
	Title      string `json:"title"`
	// Description is the story that the plan tells.
	Description string `json:"description,omitempty"`
	Target      string `json:"target"`
	Cyrus       string `json:"cyrus"` // what ran: "3.6.1-4+deb12u5", "model of 3.6.1"
	Seed        uint64 `json:"seed"`

	Verdict property.Verdict `json:"verdict"`
	// Reasons say why the verdict is not pass, one line each, the weightiest
	// first.
	Reasons []string `json:"reasons,omitempty"`
	// Interrupted: the run was ended from outside before it was done.
	Interrupted bool `json:"interrupted,omitempty"`
	// Expected is the known bug by which the plan fails on some Cyrus; nil: it knows of
	// none. Where the drill failed as it says, [Result.FailedAsExpected] is true, and the
	// verdict is the drill's all the same.
	Expected *ExpectedFailure `json:"expected_failure,omitempty"`

	Steps      []StepResult                 `json:"steps"`
	Marks      []MarkResult                 `json:"marks"`
	Faults     []FaultResult                `json:"faults"`
	Findings   []detect.Finding             `json:"findings"`
	Restores   []RestoreResult              `json:"restores"`
	Properties []property.Result            `json:"properties"`
	Traffic    map[traffic.Op]traffic.Tally `json:"traffic"` // by operation

	// Accounts are what became of each account, in the plan's order; nil where
	// the drill did not start.
	Accounts []AccountOutcome `json:"accounts,omitempty"`

	StartedAt time.Time     `json:"started_at"` // on the target's clock
	Elapsed   time.Duration `json:"elapsed_ns"` // on the target's clock, without making the pair
	// Wall is how long the run took in real time, without making the pair.
	Wall time.Duration `json:"wall_ns"`

	Directory string `json:"directory,omitempty"` // where the files are
	Rerun     string `json:"rerun,omitempty"`     // the command that runs it again
}

// StepStatus says what became of a step.
type StepStatus string

// The statuses of a step.
const (
	StepDone    StepStatus = "done"
	StepFailed  StepStatus = "failed"  // it could not be carried out
	StepSkipped StepStatus = "skipped" // an earlier step failed
)

// StepResult is what became of one step of the plan.
type StepResult struct {
	Number int    `json:"number"` // from 1
	Kind   string `json:"kind"`
	Line   int    `json:"line"` // in the plan's file
	// StartedAt is on the target's clock; zero for a step that was skipped.
	StartedAt time.Time     `json:"started_at,omitzero"`
	Status    StepStatus    `json:"status"`
	Summary   string        `json:"summary"` // what happened, in an operator's words
	Error     string        `json:"error,omitempty"`
	Elapsed   time.Duration `json:"elapsed_ns"` // on the target's clock
}

// MarkResult says whether a promised situation was reached.
type MarkResult struct {
	Name     string `json:"name"`
	Reached  bool   `json:"reached"`
	Step     int    `json:"step,omitempty"` // number of the step that reached it
	Evidence string `json:"evidence,omitempty"`
}

// FaultResult is what one injected fault did.
type FaultResult struct {
	Name string `json:"name"`
	On   string `json:"on"`
	Step int    `json:"step"`
	fault.Report
}

// RestoreResult is what one restore planned and did.
type RestoreResult struct {
	Step   int            `json:"step"`
	Plan   restore.Plan   `json:"plan"`
	Report restore.Report `json:"report"`
	// Tool is the outside tool that did it; nil: a restorer of the project's. Plan and
	// report are then what was seen to have changed.
	Tool *ToolResult `json:"tool,omitempty"`
}

// ToolResult is how an outside restore tool ran.
type ToolResult struct {
	Command string `json:"command"`
	Runs    int    `json:"runs"` // to its end, or to where it failed
	Killed  int    `json:"killed"`
	// Took is how long the last run took, in real time.
	Took time.Duration `json:"took_ns"`
	// Failed says what went wrong; empty: nothing.
	Failed string `json:"failed,omitempty"`
}

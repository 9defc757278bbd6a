package restore

import (
	"fmt"
	"strings"
)

// Report is what a restore did.
type Report struct {
	Restorer string `json:"restorer"`
	Copied   int    `json:"copied"`             // under new UIDs
	PutBack  int    `json:"put_back,omitempty"` // under the UIDs that they had
	// Anew are those of Copied that were to be put back, and whose UIDs were given to
	// other messages after the plan was made.
	Anew     int `json:"anew,omitempty"`
	Expunged int `json:"expunged"`
	Kept     int `json:"kept"`
	// Changed counts what else was done, by kind of action.
	Changed  map[Act]int `json:"changed,omitempty"`
	Doubtful int         `json:"doubtful"` // of those copied or kept
	// Found counts actions that turned out to have been done already.
	Found int `json:"found,omitempty"`
	// KeptIndexes are where copies of indexes lie that were rebuilt.
	KeptIndexes []string `json:"kept_indexes,omitempty"`
	// Left lists what could not be done, each with the reason.
	Left []Left `json:"left,omitempty"`
	// Accounts are those in which something was to be done, in the plan's order.
	Accounts []AccountReport `json:"-"`
}

// AccountReport is what was done in one account.
type AccountReport struct {
	Account string      `json:"account"`
	Done    map[Act]int `json:"done,omitempty"`
	Anew    int         `json:"anew,omitempty"`  // of those put back: under new UIDs
	Found   int         `json:"found,omitempty"` // had been done already
	Left    []Left      `json:"left,omitempty"`
	Pending int         `json:"pending,omitempty"` // nobody has come to them
	// ReadBack: all that was done has been read back.
	ReadBack bool `json:"read_back"`
}

// Left is an action that was not carried out.
type Left struct {
	Action Action `json:"action"`
	Reason string `json:"reason"`
}

func (r *Report) count(a Action, anew bool) {
	switch a.Act {
	case Copy:
		r.Copied++
	case PutBack:
		if anew {
			r.Copied, r.Anew = r.Copied+1, r.Anew+1
		} else {
			r.PutBack++
		}
	case Expunge:
		r.Expunged++
	default:
		if r.Changed == nil {
			r.Changed = map[Act]int{}
		}
		r.Changed[a.Act]++
	}
}

// InWords says what was done: "3 copied, 1 expunged, 2 rename, 4 kept".
func (r Report) InWords() string {
	parts := []string{fmt.Sprintf("%d copied", r.Copied), fmt.Sprintf("%d put back", r.PutBack), fmt.Sprintf("%d expunged", r.Expunged)}
	if r.Anew > 0 {
		parts[0] += fmt.Sprintf(" (%d of them under new UIDs against the plan)", r.Anew)
	}
	for _, act := range Acts() {
		if n := r.Changed[act]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d × %s", n, act))
		}
	}
	parts = append(parts, fmt.Sprintf("%d left as they were", r.Kept))
	if r.Doubtful > 0 {
		parts = append(parts, fmt.Sprintf("%d of them doubtful", r.Doubtful))
	}
	if r.Found > 0 {
		parts = append(parts, fmt.Sprintf("%d had been done already", r.Found))
	}
	return strings.Join(append(parts, fmt.Sprintf("%d could not be done", len(r.Left))), ", ")
}

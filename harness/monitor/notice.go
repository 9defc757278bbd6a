package monitor

import (
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// What says what a notice is about.
type What string

// What there is to be told.
const (
	Raised     What = "raised"     // something has stood for long enough
	Again      What = "again"      // it stands still
	Cleared    What = "cleared"    // it has gone for long enough
	Suppressed What = "suppressed" // it is there, amid maintenance of its server: nobody is told, but the log
)

// Notice is what people are told: of all findings of one kind on one server.
type Notice struct {
	What   What              `json:"what"`
	Kind   target.Kind       `json:"kind"`
	Server target.ServerName `json:"server,omitempty"` // empty: of neither alone
	At     time.Time         `json:"at"`
	Since  time.Time         `json:"since"` // when the first of it was seen
	// Count is the number of findings. Findings are the first of them.
	Count    int              `json:"count"`
	Findings []detect.Finding `json:"findings,omitempty"`
	Because  string           `json:"because,omitempty"` // of what is suppressed: the work that is done
	Text     string           `json:"text"`              // all that in one line
}

// mostTold bounds the findings in a notice, and mostEvidence what is told of each.
const (
	mostTold     = 20
	mostEvidence = 500
)

// put says in one line what the notice says.
func (n *Notice) put() {
	where := string(n.Server)
	if where == "" {
		where = "the pair"
	}
	n.Text = fmt.Sprintf("%s: %s on %s", n.What, n.Kind, where)
	if n.What == Cleared {
		n.Text += fmt.Sprintf(", after %s", n.At.Sub(n.Since).Round(time.Second))
		return
	}
	if n.Count > 1 {
		n.Text += fmt.Sprintf(", %d findings", n.Count)
	}
	if n.At.After(n.Since) {
		n.Text += fmt.Sprintf(", for %s", n.At.Sub(n.Since).Round(time.Second))
	}
	if n.Because != "" {
		n.Text += fmt.Sprintf(" (maintenance: %s)", n.Because)
	}
	if len(n.Findings) > 0 {
		f := n.Findings[0]
		n.Text += ": "
		if f.Account != "" {
			n.Text += f.Place.String() + ": "
		}
		n.Text += f.Evidence
	}
	n.Text = plain(n.Text)
}

// shorten returns the first findings, without more evidence than anybody reads.
func shorten(found []detect.Finding) []detect.Finding {
	short := append([]detect.Finding(nil), found[:min(len(found), mostTold)]...)
	for i := range short {
		if runes := []rune(short[i].Evidence); len(runes) > mostEvidence {
			short[i].Evidence = string(runes[:mostEvidence]) + "…"
		}
	}
	return short
}

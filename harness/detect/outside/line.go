package outside

import (
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/command"
	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// line is one line that a command prints.
type line struct {
	Claims   []target.Kind     `json:"claims"`
	Kind     target.Kind       `json:"kind"`
	Server   target.ServerName `json:"server"`
	Account  string            `json:"account"`
	Mailbox  string            `json:"mailbox"`
	UID      uint32            `json:"uid"`
	GUID     string            `json:"guid"`
	Script   string            `json:"script"`
	Right    target.ServerName `json:"right"`
	Evidence string            `json:"evidence"`
}

// parseLine reads a finding, or what is claimed.
func parseLine(text []byte) (detect.Finding, []target.Kind, error) {
	var l line
	if err := command.Decode(text, "finding", &l); err != nil {
		return detect.Finding{}, nil, err
	}
	if l.Claims != nil {
		for _, kind := range l.Claims {
			if err := known(kind); err != nil {
				return detect.Finding{}, nil, err
			}
		}
		return detect.Finding{}, l.Claims, nil
	}
	if err := known(l.Kind); err != nil {
		return detect.Finding{}, nil, err
	}
	for what, name := range map[string]target.ServerName{"server": l.Server, "right": l.Right} {
		if name != target.Imap1 && name != target.Imap2 && (what == "server" || name != "") {
			return detect.Finding{}, nil, fmt.Errorf("%s %q: there are %s and %s", what, name, target.Imap1, target.Imap2)
		}
	}
	return detect.Finding{
		Kind: l.Kind, Right: l.Right, Evidence: l.Evidence,
		Place: target.Place{Server: l.Server, Account: l.Account, Mailbox: l.Mailbox, UID: l.UID, GUID: l.GUID, Script: l.Script},
	}, nil, nil
}

func known(kind target.Kind) error {
	if !slices.Contains(target.Kinds(), kind) {
		return fmt.Errorf("kind %q is none: cyrdrill list kinds", kind)
	}
	return nil
}

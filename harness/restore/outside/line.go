package outside

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/command"
	"github.com/cyrdrill/cyrdrill/harness/restore"
)

//go:embed line.schema.json
var lineSchema []byte

// Schema returns the JSON Schema (draft 2020-12) of a line that a command prints.
func Schema() []byte { return bytes.Clone(lineSchema) }

// line is one line that a command prints.
type line struct {
	Progress *float64 `json:"progress"`
	Text     string   `json:"text"`
	Doubtful *string  `json:"doubtful"`
	Left     *string  `json:"left"`
	Account  *string  `json:"account"`
	Mailbox  *string  `json:"mailbox"`
	UID      *uint32  `json:"uid"`
	GUID     *string  `json:"guid"`
}

var isGUID = regexp.MustCompile(`^[0-9a-f]{40}$`)

// parseLine reads a line of a command that restores these accounts.
func parseLine(text []byte, accounts []string) (line, error) {
	var l line
	if err := command.Decode(text, "report", &l); err != nil {
		return line{}, err
	}
	if err := l.check(); err != nil {
		return line{}, fmt.Errorf("%w: %.60q", err, text)
	}
	if l.Account != nil && !slices.Contains(accounts, *l.Account) {
		return line{}, fmt.Errorf("account %q is none of CYRDRILL_ACCOUNTS", *l.Account)
	}
	return l, nil
}

// check says what keeps the line from being what [Schema] describes.
func (l line) check() error {
	for what, value := range map[string]*string{"left": l.Left, "account": l.Account, "mailbox": l.Mailbox} {
		if value != nil && *value == "" {
			return fmt.Errorf("%s is empty", what)
		}
	}
	switch {
	case one(l.Progress != nil)+one(l.Doubtful != nil)+one(l.Left != nil) != 1:
		return errors.New(`a line has one of "progress", "doubtful" and "left"`)
	case l.UID != nil && *l.UID == 0:
		return errors.New("uid 0: UIDs begin with 1")
	case l.GUID != nil && !isGUID.MatchString(*l.GUID):
		return fmt.Errorf("guid %.50q: a SHA-1 in hexadecimal has 40 digits", *l.GUID)
	case l.Progress != nil && (*l.Progress < 0 || *l.Progress > 1):
		return errors.New("progress is a share, from 0 to 1")
	case l.Progress != nil && (l.Account != nil || l.Mailbox != nil || l.UID != nil || l.GUID != nil):
		return errors.New("progress is of all work: it has a text alone beside it")
	case l.Doubtful != nil && *l.Doubtful != "message":
		return fmt.Errorf(`doubtful %q: only a "message" can be`, *l.Doubtful)
	case l.Doubtful != nil && (l.Account == nil || l.Mailbox == nil || l.GUID == nil):
		return errors.New("what is doubtful has an account, a mailbox and a guid")
	case l.Left != nil && l.Account == nil:
		return errors.New("what is left has an account")
	}
	return nil
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// action is the message, or what else the line is about.
func (l line) action(act restore.Act) restore.Action {
	a := restore.Action{Act: act, Account: *l.Account, Why: l.Text, Doubtful: l.Doubtful != nil}
	if l.Mailbox != nil {
		a.Mailbox = *l.Mailbox
	}
	if l.UID != nil {
		a.UID = *l.UID
	}
	if l.GUID != nil {
		a.GUID = *l.GUID
	}
	return a
}

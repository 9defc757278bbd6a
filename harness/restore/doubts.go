package restore

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Doubts are the cases of one account that the evidence does not decide.
type Doubts struct {
	Account string
	Policy  Policy
	// Messages may have been deleted by their user: put back, where they are copied,
	// and otherwise as they were.
	Messages []Action
	// Flags are of messages of which it cannot be told whether their user wants them so.
	Flags []Action
}

// Doubts returns the doubtful cases of a plan by account, in its order. Accounts without
// any are not among them.
func (p Plan) Doubts() []Doubts {
	var all []Doubts
	for _, a := range p.Actions {
		if !a.Doubtful {
			continue
		}
		i := slices.IndexFunc(all, func(d Doubts) bool { return d.Account == a.Account })
		if i < 0 {
			i, all = len(all), append(all, Doubts{Account: a.Account, Policy: p.Policy})
		}
		if a.AboutFlags() {
			all[i].Flags = append(all[i].Flags, a)
		} else {
			all[i].Messages = append(all[i].Messages, a)
		}
	}
	return all
}

// Letter is a text that can be sent to the account's user, who knows mail and folders
// and nothing of servers. It tells neither subjects nor senders.
func (d Doubts) Letter() string {
	var text strings.Builder
	text.WriteString("Dear user,\n\nwhen we restored your mail, there were messages of which we could not tell what you had last done with them.\n")
	back, kept, asked := d.sort()
	paragraph(&text, back,
		"you may have deleted, or we may have lost. We have put it back: better twice than not at all. Delete it if you do not want it.",
		"you may have deleted, or we may have lost. We have put them back: better twice than not at all. Delete them if you do not want them.")
	paragraph(&text, kept,
		"you may have deleted. We have left it where it was. Delete it if you do not want it.",
		"you may have deleted. We have left them where they were. Delete them if you do not want them.")
	if d.Policy == PolicySkip {
		paragraph(&text, asked,
			"you may have deleted, or we may have lost. We have not put it back. We still have it: tell us if you miss it.",
			"you may have deleted, or we may have lost. We have not put them back. We still have them: tell us if you miss them.")
	} else {
		paragraph(&text, asked,
			"you may have deleted, or we may have lost. We have not put it back yet. We still have it: please tell us whether you want it.",
			"you may have deleted, or we may have lost. We have not put them back yet. We still have them: please tell us whether you want them.")
	}
	paragraph(&text, d.Flags,
		"you had copied or moved, and we could not tell how you had marked the original. We have left it as it was. Please look whether it is marked as you want it.",
		"you had copied or moved, and we could not tell how you had marked the originals. We have left them as they were. Please look whether they are marked as you want them.")
	text.WriteString("\nAll else is as you left it.\n")
	return text.String()
}

// sort tells messages apart by what was done about them. What the serving server has is
// known by its UID and GUID to be there; what the policy left has a reason that begins
// with it.
func (d Doubts) sort() (back, kept, asked []Action) {
	for _, a := range d.Messages {
		switch {
		case a.bringsMail():
			back = append(back, a)
		case strings.HasPrefix(a.Why, whyAsk) || strings.HasPrefix(a.Why, whySkip):
			asked = append(asked, a)
		default:
			kept = append(kept, a)
		}
	}
	return back, kept, asked
}

// paragraph writes about messages, by folder.
func paragraph(text *strings.Builder, about []Action, one, many string) {
	if len(about) == 0 {
		return
	}
	counts := map[string]int{}
	for _, a := range about {
		counts[strings.TrimPrefix(a.Mailbox, "INBOX/")]++
	}
	var places []string
	for _, folder := range slices.Sorted(maps.Keys(counts)) {
		places = append(places, fmt.Sprintf("%d in %s", counts[folder], folder))
	}
	if len(about) == 1 {
		fmt.Fprintf(text, "\n1 message (in %s) %s\n", strings.TrimPrefix(about[0].Mailbox, "INBOX/"), one)
		return
	}
	fmt.Fprintf(text, "\n%d messages (%s) %s\n", len(about), strings.Join(places, ", "), many)
}

// WriteQuestions lists what a plan leaves to be asked, a line each: account, mailbox,
// UID on the rescued store, GUID, and why it is in doubt. Whoever has an answer makes the
// plan's action a copy.
func (p Plan) WriteQuestions(w io.Writer) error {
	for _, d := range p.Doubts() {
		_, _, asked := d.sort()
		for _, a := range asked {
			if _, err := fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\n", a.Account, a.Mailbox, a.UID, a.GUID, a.Why); err != nil {
				return fmt.Errorf("writing what has to be asked: %w", err)
			}
		}
	}
	return nil
}

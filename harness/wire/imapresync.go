package wire

import (
	"context"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Resync opens a mailbox, to read alone, as a client does that has a cache of it, and
// returns what the server tells it (QRESYNC, RFC 7162, section 3.2.5). From then on the
// session is one of QRESYNC's. Nothing is asked of a server that does not announce it:
// that is refused.
func (c *IMAP) Resync(ctx context.Context, mailbox string, known target.Known) (target.Resync, error) {
	if !c.Has("QRESYNC") {
		return target.Resync{}, &target.RefusedError{Command: "EXAMINE " + mailbox, Status: "BAD", Text: "not sent: the server does not announce QRESYNC"}
	}
	var told target.Resync
	examine := selecting("EXAMINE", mailbox)
	examine.parts[0].text += fmt.Sprintf(" (QRESYNC (%d %d))", known.UIDValidity, known.ModSeq)
	examine.each = func(response *Response) error { return readResync(&told, response) }
	_, err := c.run(ctx, command{name: "ENABLE QRESYNC", parts: []part{{text: "ENABLE QRESYNC"}}}, examine)
	if err == nil && told.UIDValidity == 0 {
		err = fmt.Errorf("EXAMINE %s: OK, and no UIDVALIDITY", mailbox)
	}
	return told, err
}

// readResync adds one answer to what a client is told; most say nothing of it.
func readResync(told *target.Resync, response *Response) (err error) {
	switch {
	case response.Status == "OK":
		return readCounter(told, response.Code)
	case response.Name == "VANISHED":
		values, err := response.Values()
		if err != nil {
			return err
		}
		if len(values) != 2 || len(values[1].Text) == 0 { // (EARLIER), and a set
			return fmt.Errorf("VANISHED answer not understood: %.60q", response.rest)
		}
		gone, err := parseUIDRanges(string(values[1].Text))
		told.Vanished = append(told.Vanished, gone...)
		return err
	case response.Name == "FETCH":
		changed, err := readChanged(response)
		told.Changed = append(told.Changed, changed)
		return err
	}
	return nil
}

func readCounter(told *target.Resync, code string) error {
	name, number, _ := strings.Cut(code, " ")
	value := Value{Text: []byte(number)}
	var err error
	switch name {
	case "UIDVALIDITY":
		var validity uint64
		validity, err = numberOf(value, 32)
		told.UIDValidity = uint32(validity)
	case "HIGHESTMODSEQ":
		told.HighestModSeq, err = numberOf(value, 64)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// readChanged reads a FETCH of UID, flags and modseq.
func readChanged(response *Response) (target.Record, error) {
	items, err := response.Fetched()
	if err != nil {
		return target.Record{}, err
	}
	named := func(name string) Value {
		value, _ := items.Named(name)
		return value
	}
	uid, err := numberOf(named("UID"), 32)
	if err != nil {
		return target.Record{}, fmt.Errorf("UID of message %d: %w", response.Number, err)
	}
	record := target.Record{UID: uint32(uid)}
	for _, flag := range named("FLAGS").List {
		record.Flags = append(record.Flags, string(flag.Text))
	}
	if list := named("MODSEQ").List; len(list) == 1 {
		record.ModSeq, err = numberOf(list[0], 64)
	}
	return record, err
}

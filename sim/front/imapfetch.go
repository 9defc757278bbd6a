package front

import (
	"bufio"
	"bytes"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-message/textproto"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// Fetch implements [imapserver.Session]. A message whose file is gone is passed over
// where something in it is asked for.
func (s *imapSession) Fetch(w *imapserver.FetchWriter, set imap.NumSet, options *imap.FetchOptions) error {
	uids := s.chosen(set)
	if len(uids) == 0 {
		return nil
	}
	changed, err := s.markSeen(uids, options)
	if err != nil {
		return err
	}
	var bodies map[uint32][]byte
	inside := options.Envelope || options.BodyStructure != nil || len(options.BodySection) > 0
	if inside {
		if bodies, err = s.bodies(uids); err != nil {
			return err
		}
	}
	for _, uid := range uids {
		i, body := s.position(uid), bodies[uid]
		if inside && body == nil {
			continue
		}
		told := *options
		told.Flags = told.Flags || slices.Contains(changed, uid)
		if err := write(w.CreateMessage(uint32(i+1)), s.told.Records[i], body, &told); err != nil {
			return err
		}
	}
	return nil
}

// markSeen marks messages as \Seen of which a part is fetched without PEEK, where
// the user may, and returns which that has changed.
func (s *imapSession) markSeen(uids []uint32, options *imap.FetchOptions) (changed []uint32, err error) {
	reads := slices.ContainsFunc(options.BodySection, func(section *imap.FetchItemBodySection) bool { return !section.Peek })
	if !reads || s.readOnly {
		return nil, nil
	}
	for _, uid := range uids {
		if !slices.Contains(s.told.Records[s.position(uid)].Flags, string(imap.FlagSeen)) {
			changed = append(changed, uid)
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	err = s.conn.ask(func(*sim.Pair) error {
		return s.session.SetFlags(s.ctx, s.mailbox, changed, []string{string(imap.FlagSeen)}, nil)
	})
	if target.OutcomeOf(err) == target.Refused {
		return nil, nil // who may not mark it reads it all the same
	}
	if err == nil {
		err = s.refresh(changed)
	}
	return changed, s.answer(err)
}

// bodies returns what the user gets of messages.
func (s *imapSession) bodies(uids []uint32) (map[uint32][]byte, error) {
	bodies := map[uint32][]byte{}
	err := s.ask(func(session *sim.IMAPSession) error {
		return session.Bodies(s.ctx, s.mailbox, uids, func(uid uint32, body []byte) error {
			bodies[uid] = body
			return nil
		})
	})
	return bodies, err
}

// write answers with what was asked for of one message.
func write(w *imapserver.FetchResponseWriter, r target.Record, body []byte, options *imap.FetchOptions) error {
	if options.UID {
		w.WriteUID(imap.UID(r.UID))
	}
	if options.Flags {
		w.WriteFlags(flagsOf(r.Flags))
	}
	if options.InternalDate {
		w.WriteInternalDate(r.InternalDate)
	}
	if options.RFC822Size {
		w.WriteRFC822Size(int64(r.Size))
	}
	if options.Envelope {
		header, _ := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(body))) // as far as it can be read
		w.WriteEnvelope(imapserver.ExtractEnvelope(header))
	}
	if options.BodyStructure != nil {
		w.WriteBodyStructure(whole(imapserver.ExtractBodyStructure(bytes.NewReader(body))))
	}
	for _, item := range options.BodySection {
		part := section(body, item)
		out := w.WriteBodySection(item, int64(len(part)))
		if _, err := out.Write(part); err != nil {
			return err
		}
		if err := out.Close(); err != nil {
			return err
		}
	}
	return w.Close()
}

// whole gives a multipart without parts one: there is no way to tell of none.
func whole(structure imap.BodyStructure) imap.BodyStructure {
	multipart, ok := structure.(*imap.BodyStructureMultiPart)
	if !ok {
		return structure
	}
	for i, child := range multipart.Children {
		multipart.Children[i] = whole(child)
	}
	if len(multipart.Children) == 0 {
		multipart.Children = []imap.BodyStructure{&imap.BodyStructureSinglePart{
			Type: "text", Subtype: "plain", Text: &imap.BodyStructureText{}, Extended: &imap.BodyStructureSinglePartExt{},
		}}
	}
	return multipart
}

// section returns a part of a message. What belongs to the message itself is given
// byte for byte; go-imap takes the parts within apart.
func section(body []byte, item *imap.FetchItemBodySection) []byte {
	if len(item.Part) > 0 {
		return imapserver.ExtractBodySection(bytes.NewReader(body), item)
	}
	header, text := splitMessage(body)
	switch item.Specifier {
	case imap.PartSpecifierHeader:
		body = header
		if len(item.HeaderFields)+len(item.HeaderFieldsNot) > 0 {
			body = selectFields(header, item.HeaderFields, item.HeaderFieldsNot)
		}
	case imap.PartSpecifierText:
		body = text
	}
	if item.Partial != nil {
		from := min(item.Partial.Offset, int64(len(body)))
		body = body[from : from+min(item.Partial.Size, int64(len(body))-from)]
	}
	return body
}

// splitMessage parts a message behind the blank line that ends its header.
func splitMessage(message []byte) (header, text []byte) {
	if i := bytes.Index(message, []byte("\r\n\r\n")); i >= 0 {
		return message[:i+4], message[i+4:]
	}
	return message, nil
}

// selectFields returns those fields of a header that are named, or those that are
// not, and a blank line.
func selectFields(header []byte, names, not []string) []byte {
	var out []byte
	keep := false
	for line := range bytes.Lines(header) {
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			break
		}
		if line[0] != ' ' && line[0] != '\t' {
			name, _, _ := strings.Cut(string(line), ":")
			is := func(other string) bool { return strings.EqualFold(strings.TrimSpace(name), other) }
			keep = len(names) > 0 && slices.ContainsFunc(names, is) || len(not) > 0 && !slices.ContainsFunc(not, is)
		}
		if keep {
			out = append(out, line...)
		}
	}
	return append(out, "\r\n"...)
}

package sim

import (
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
)

// Letters of MBOXTYPE.
const (
	typeSieve        = "f"
	typeIntermediate = "i"
)

// changeMailbox makes a mailbox, or changes one, with the records that are sent.
// Nodes that are no mailboxes are taken and forgotten: the model has none.
func (s *SyncSession) changeMailbox(what dlist.Value) error {
	kind := what.TextOf("MBOXTYPE")
	switch {
	case strings.Contains(kind, typeIntermediate):
		return nil
	case kind == typeSieve && !s.sieveMailbox:
		return syncParameters
	case kind != "" && kind != typeSieve:
		return syncIOError // calendars and the like
	}
	u, err := s.update(what)
	if err != nil {
		return err
	}
	if kind == typeSieve {
		u.kind = entrySieve
	}
	if err := s.server.applyMailbox(u); err != nil {
		return err
	}
	asked, _ := what.Number("SYNC_CRC_ANNOT", 32)
	v := s.server.visit(s.server.disk.list.find(u.name))
	if !crcEqual(uint32(asked), v.index().annotationCRC()) {
		return syncChecksum
	}
	return nil
}

// update reads what APPLY MAILBOX is given.
func (s *SyncSession) update(what dlist.Value) (update, error) {
	f := syncFields{of: what}
	u := update{files: map[uint32]file{}, createdModSeq: f.optional("CREATEDMODSEQ", 64)}
	u.header = header{
		name: f.text("MBOXNAME"), uniqueID: f.text("UNIQUEID"), acl: syncACL(f.text("ACL")),
		uidValidity: uint32(f.number("UIDVALIDITY", 32)), lastUID: uint32(f.number("LAST_UID", 32)), recentUID: uint32(f.number("RECENTUID", 32)),
		highestModSeq: f.number("HIGHESTMODSEQ", 64), folderModSeq: f.optional("FOLDERMODSEQ", 64),
		crc: uint32(f.optional("SYNC_CRC", 32)), annotations: map[annotation]string{},
	}
	u.told = told{
		recentTime: int64(f.number("RECENTTIME", 63)), lastAppended: int64(f.number("LAST_APPENDDATE", 63)),
		pop3Login: int64(f.number("POP3_LAST_LOGIN", 63)), pop3ShowAfter: int64(f.optional("POP3_SHOW_AFTER", 63)),
		conversations: f.optional("XCONVMODSEQ", 64), options: f.text("OPTIONS"), at: u.highestModSeq,
	}
	if u.folderModSeq == 0 {
		u.folderModSeq = u.highestModSeq
	}
	if since := f.optional("SINCE_MODSEQ", 64); since != 0 {
		u.since = &header{highestModSeq: since, crc: uint32(f.optional("SINCE_CRC", 32))}
	}
	for _, n := range readNotes(&f) {
		u.annotations[n.annotation] = n.value
	}
	staged := s.stagedIn(f.text("PARTITION"))
	for _, item := range f.list("RECORD") {
		r, err := readRecord(item)
		if err != nil {
			return update{}, syncProtocol
		}
		if sent, ok := staged[r.guid]; ok && sent.sha1() == r.guid {
			sent.date = r.internalDate
			u.files[r.uid] = sent
		} else if r.expunged {
			r.unlinked = true // nobody has it any more
		}
		u.records = append(u.records, r)
	}
	return u, f.err
}

// readRecord reads one record of APPLY MAILBOX.
func readRecord(item dlist.Value) (record, error) {
	f := syncFields{of: item}
	r := record{
		uid: uint32(f.number("UID", 32)), modSeq: f.number("MODSEQ", 64), lastUpdated: int64(f.number("LAST_UPDATED", 63)),
		internalDate: int64(f.number("INTERNALDATE", 63)), size: uint32(f.number("SIZE", 32)), guid: strings.ToLower(f.text("GUID")),
	}
	for _, flag := range f.list("FLAGS") {
		if strings.EqualFold(flag.Text, `\Expunged`) {
			r.expunged = true
		} else {
			r.flags = append(r.flags, flag.Text)
		}
	}
	for _, n := range readNotes(&f) {
		r.keepNote(n)
	}
	if len(r.guid) != 40 || r.uid == 0 {
		return record{}, syncParameters
	}
	return r, f.err
}

// readNotes reads what stands under ANNOTATIONS, if anything does.
func readNotes(f *syncFields) []note {
	list, _ := f.of.Get("ANNOTATIONS")
	var notes []note
	for _, item := range list.Items {
		one := syncFields{of: item}
		n := note{annotation{one.text("ENTRY"), one.text("USERID")}, one.text("VALUE")}
		if one.err != nil {
			f.missing()
		}
		notes = append(notes, n)
	}
	return slices.Clip(notes)
}

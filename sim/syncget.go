package sim

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
)

// defaultPartition is the only one that there is.
const defaultPartition = "default"

// syncGets are the commands of GET, by what they ask for.
func syncGets() map[string]syncCommand {
	return map[string]syncCommand{
		"USER":        (*SyncSession).askUser,
		"MAILBOXES":   (*SyncSession).askMailboxes,
		"UNIQUEIDS":   (*SyncSession).askUniqueIDs,
		"FULLMAILBOX": (*SyncSession).askFullMailbox,
		"META":        (*SyncSession).askMeta,
		"QUOTA":       (*SyncSession).askQuota,
		"FETCH":       (*SyncSession).askFetch,
		"FETCH_SIEVE": (*SyncSession).askScript,
		"ANNOTATION":  (*SyncSession).askAnnotation,
	}
}

// shown says whether the client is told of the mailbox. Of scripts it is told as of
// mail only if it has asked for that.
func (s *SyncSession) shown(h header) bool { return h.kind == entryMail || s.sieveMailbox }

// askUser tells of an account's mailboxes and, where there are any, of all else that
// is the account's.
func (s *SyncSession) askUser(what dlist.Value) error {
	found, err := s.server.getUser(what.Text)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return nil
	}
	s.tellHeaders(found)
	s.tellQuota(s.server.disk.account(what.Text))
	return s.askMeta(what)
}

func (s *SyncSession) tellHeaders(headers []header) {
	for _, h := range headers {
		if s.shown(h) {
			s.tell(s.mailbox(h.name))
		}
	}
}

func (s *SyncSession) askMailboxes(what dlist.Value) error {
	found, err := s.server.getMailboxes(what.Texts())
	if err == nil {
		s.tellHeaders(found)
	}
	return err
}

func (s *SyncSession) askUniqueIDs(what dlist.Value) error {
	var names []string
	for _, id := range what.Texts() {
		if e := s.server.disk.list.findID(id); e != nil {
			names = append(names, e.name)
		}
	}
	found, err := s.server.getMailboxes(names)
	if err == nil {
		s.tellHeaders(found)
	}
	return err
}

func (s *SyncSession) askFullMailbox(what dlist.Value) error {
	v, err := s.server.getFullMailbox(what.Text)
	if err != nil {
		return err
	}
	line := s.mailbox(v.entry.name)
	records := dlist.ListOf("RECORD")
	for _, r := range v.index().records {
		records.Items = append(records.Items, v.folder.shownRecord(r))
	}
	line.Items = append(line.Items, records)
	s.tell(line)
	return nil
}

// mailbox returns a mailbox, which can be opened, as a line of an answer.
func (s *SyncSession) mailbox(name string) dlist.Value {
	v := s.server.visit(s.server.disk.list.find(name))
	h, x := v.header(), v.index()
	told := x.shownTold(v.entry)
	line := dlist.MapOf("MAILBOX", dlist.Atom("UNIQUEID", h.uniqueID), dlist.Atom("MBOXNAME", h.name))
	add := func(items ...dlist.Value) { line.Items = append(line.Items, items...) }
	if h.kind == entrySieve {
		add(dlist.Atom("MBOXTYPE", typeSieve))
	}
	add(dlist.Num("SYNC_CRC", h.crc), dlist.Num("SYNC_CRC_ANNOT", x.annotationCRC()),
		dlist.Num("LAST_UID", h.lastUID), dlist.Num("HIGHESTMODSEQ", h.highestModSeq),
		dlist.Num("RECENTUID", h.recentUID), dlist.Num("RECENTTIME", told.recentTime),
		dlist.Num("LAST_APPENDDATE", told.lastAppended),
		dlist.Num("POP3_LAST_LOGIN", told.pop3Login), dlist.Num("POP3_SHOW_AFTER", told.pop3ShowAfter))
	if told.conversations != 0 {
		add(dlist.Num("XCONVMODSEQ", told.conversations))
	}
	add(dlist.Num("UIDVALIDITY", h.uidValidity), dlist.Atom("PARTITION", defaultPartition),
		dlist.Atom("ACL", h.acl.cyrus()), dlist.Atom("OPTIONS", told.options))
	if h.quotaRoot != "" {
		add(dlist.Atom("QUOTAROOT", h.quotaRoot))
	}
	if x.createdModSeq != 0 {
		add(dlist.Num("CREATEDMODSEQ", x.createdModSeq))
	}
	if h.folderModSeq != 0 {
		add(dlist.Num("FOLDERMODSEQ", h.folderModSeq))
	}
	if notes := sortedNotes(h.annotations); len(notes) > 0 {
		add(shownNotes(notes))
	}
	return line
}

// shownTold returns what is told of the fields that the model has no use for: what
// was told, or what Cyrus would have of its own.
func (x *index) shownTold(e *entry) told {
	shown := x.told
	if isDeletedName(e.name) {
		shown.conversations = 0 // they belong to a user's mailboxes
	}
	if shown.at == 0 {
		shown.options = "P"
	}
	if shown.at == x.highestModSeq {
		return shown
	}
	for i := range x.records {
		shown.lastAppended = max(shown.lastAppended, x.records[i].saveDate)
	}
	if !isDeletedName(e.name) {
		shown.conversations = x.highestModSeq
	}
	return shown
}

// shownRecord returns a record as it stands in an answer.
func (f *folder) shownRecord(r record) dlist.Value {
	record := dlist.MapOf("", dlist.Num("UID", r.uid), dlist.Num("MODSEQ", r.modSeq),
		dlist.Num("LAST_UPDATED", r.lastUpdated), dlist.Atoms("FLAGS", f.shownFlags(r)...),
		dlist.Num("INTERNALDATE", r.internalDate), dlist.Num("SIZE", r.size), dlist.Atom("GUID", r.guid))
	if notes := r.shownNotes(); len(notes) > 0 {
		record.Items = append(record.Items, shownNotes(notes))
	}
	return record
}

// shownFlags returns flags in Cyrus's order: the system's, and then keywords in that
// of the mailbox.
func (f *folder) shownFlags(r record) []string {
	var shown []string
	for _, flag := range []string{`\Deleted`, `\Answered`, `\Flagged`, `\Draft`, `\Expunged`, `\Seen`} {
		if r.has(flag) || flag == `\Expunged` && r.expunged {
			shown = append(shown, flag)
		}
	}
	for _, keyword := range f.keywords {
		if r.has(keyword) {
			shown = append(shown, keyword)
		}
	}
	return shown
}

func shownNotes(notes []note) dlist.Value {
	list := dlist.ListOf("ANNOTATIONS")
	for _, n := range notes {
		list.Items = append(list.Items, dlist.MapOf("",
			dlist.Atom("ENTRY", n.entry), dlist.Atom("USERID", n.account), dlist.Num("MODSEQ", uint64(0)), dlist.Atom("VALUE", n.value)))
	}
	return list
}

// askMeta tells what belongs to the account and to none of its mailboxes.
func (s *SyncSession) askMeta(what dlist.Value) error {
	account := what.Text
	a, ok := s.server.disk.accounts[account]
	if !ok {
		return nil
	}
	for _, uniqueID := range names(a.seen) {
		state := a.seen[uniqueID]
		s.tell(dlist.MapOf("SEEN", dlist.Atom("UNIQUEID", uniqueID), dlist.Num("LASTREAD", state.lastRead),
			dlist.Num("LASTUID", state.lastUID), dlist.Num("LASTCHANGE", state.lastChange), dlist.Atom("SEENUIDS", uidSet(state.uids))))
	}
	if subscribed := names(a.subscriptions); len(subscribed) > 0 {
		s.tell(dlist.Atoms("LSUB", subscribed...))
	}
	if !s.sieveMailbox {
		s.tellScripts(account, a)
	}
	return nil
}

// tellScripts tells of each script's source, and of the active one's bytecode.
func (s *SyncSession) tellScripts(account string, a *accountState) {
	line := func(name string, updated int64, guid string, active uint32) {
		s.tell(dlist.MapOf("SIEVE", dlist.Atom("FILENAME", name), dlist.Num("LAST_UPDATE", updated),
			dlist.Atom("GUID", guid), dlist.Num("ISACTIVE", active)))
	}
	for _, stored := range s.server.disk.scripts(account) {
		guid, _ := s.server.scriptGUID(a, stored)
		line(stored.name+sourceSuffix, stored.record.internalDate, guid, 0)
		if a.defaultScript == stored.name {
			line(stored.name+bytecodeSuffix, 0, strings.Repeat("0", 40), 1)
		}
	}
}

func (s *SyncSession) askQuota(what dlist.Value) error {
	if a, ok := s.server.disk.accounts[ownerOf(what.Text)]; ok && a.quotaRoot == what.Text {
		s.tellQuota(a)
	}
	return nil
}

// tellQuota tells the limits of the account's quota root, if it has one.
func (s *SyncSession) tellQuota(a *accountState) {
	if a.quotaRoot == "" {
		return
	}
	line := dlist.MapOf("QUOTA", dlist.Atom("ROOT", a.quotaRoot))
	if a.quotaKiB == target.NoQuota {
		line.Items = append(line.Items, dlist.Num("LIMIT", uint32(math.MaxUint32)))
	} else {
		line.Items = append(line.Items, dlist.Num("LIMIT", a.quotaKiB), dlist.Num("STORAGE", a.quotaKiB))
	}
	for _, name := range names(a.otherLimits) {
		line.Items = append(line.Items, dlist.Num(name, a.otherLimits[name]))
	}
	line.Items = append(line.Items, dlist.Num("MODSEQ", a.quotaModSeq))
	s.tell(line)
}

// askFetch gives a message file, or NIL where its bytes are not what was asked for.
func (s *SyncSession) askFetch(what dlist.Value) error {
	fields := syncFields{of: what}
	uniqueID, guid, uid := fields.text("UNIQUEID"), strings.ToLower(fields.text("GUID")), uint32(fields.number("UID", 32))
	if fields.text("MBOXNAME"); fields.err != nil {
		return fields.err
	}
	f, ok := s.server.disk.folders.at[uniqueID]
	if !ok {
		return syncNonexistent
	}
	there, ok := f.files.at[uid]
	switch {
	case !ok:
		return syncNonexistent
	case there.denied || there.sha1() != guid:
		s.tell(dlist.Value{Kind: dlist.Nil, Key: "MESSAGE"})
	default:
		s.tell(dlist.Value{Kind: dlist.File, Key: "MESSAGE", Partition: defaultPartition, GUID: guid, Text: string(there.body)})
	}
	return nil
}

func (s *SyncSession) askScript(what dlist.Value) error {
	fields := syncFields{of: what}
	account, filename := fields.text("USERID"), fields.text("FILENAME")
	if fields.err != nil {
		return fields.err
	}
	stored, err := s.server.disk.storedScript(account, strings.TrimSuffix(filename, sourceSuffix))
	if err != nil {
		return syncNonexistent
	}
	s.tell(dlist.MapOf("SIEVE", dlist.Atom("USERID", account), dlist.Atom("FILENAME", filename), dlist.Atom("CONTENT", string(stored.source))))
	return nil
}

// askAnnotation tells a mailbox's annotations or, by an empty name, the server's. A
// version that takes the name for a pattern tells of each mailbox that matches.
func (s *SyncSession) askAnnotation(what dlist.Value) error {
	disk := s.server.disk
	switch {
	case what.Text == "":
		s.tellAnnotations("", disk.server)
	case s.server.pair.version.asksByPattern:
		for _, e := range disk.list.entries {
			if f := disk.folder(e); e.kind != entryTombstone && f != nil && matches(what.Text, externalOf(e.name)) {
				s.tellAnnotations(e.name, f.annotations)
			}
		}
	default:
		e := disk.list.find(what.Text)
		if e == nil {
			return syncNonexistent
		}
		if f := disk.folder(e); f != nil {
			s.tellAnnotations(e.name, f.annotations)
		}
	}
	return nil
}

func (s *SyncSession) tellAnnotations(name string, annotations map[annotation]string) {
	for _, n := range sortedNotes(annotations) {
		s.tell(dlist.MapOf("ANNOTATION", dlist.Atom("MBOXNAME", name), dlist.Atom("ENTRY", n.entry),
			dlist.Atom("USERID", n.account), dlist.Atom("VALUE", n.value)))
	}
}

// uidSet writes UIDs, which are in order, as a set: "1:3,5".
func uidSet(uids []uint32) string {
	var out strings.Builder
	for i := 0; i < len(uids); i++ {
		first := uids[i]
		for i+1 < len(uids) && uids[i+1] == uids[i]+1 {
			i++
		}
		if out.Len() > 0 {
			out.WriteByte(',')
		}
		out.WriteString(strconv.FormatUint(uint64(first), 10))
		if uids[i] != first {
			fmt.Fprintf(&out, ":%d", uids[i])
		}
	}
	return out.String()
}

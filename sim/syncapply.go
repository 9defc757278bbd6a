package sim

import (
	"slices"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
)

// syncApplies are the commands of APPLY, by what they change. With LOCAL_ before it
// each means the same here: that goes into no sync log, as nothing of them does.
func syncApplies() map[string]syncCommand {
	return map[string]syncCommand{
		"CAPABILITIES":     (*SyncSession).enable,
		"RESERVE":          (*SyncSession).reserve,
		"MESSAGE":          (*SyncSession).stage,
		"MAILBOX":          (*SyncSession).changeMailbox,
		"EXPUNGE":          (*SyncSession).expunge,
		"RENAME":           (*SyncSession).rename,
		"UNMAILBOX":        (*SyncSession).removeMailbox,
		"UNUSER":           (*SyncSession).removeAccount,
		"SEEN":             (*SyncSession).changeSeen,
		"SUB":              (*SyncSession).subscribe,
		"UNSUB":            (*SyncSession).subscribe,
		"QUOTA":            (*SyncSession).changeQuota,
		"UNQUOTA":          (*SyncSession).removeQuota,
		"ANNOTATION":       (*SyncSession).annotate,
		"UNANNOTATION":     (*SyncSession).annotate,
		"SIEVE":            (*SyncSession).storeScript,
		"UNSIEVE":          (*SyncSession).removeScript,
		"ACTIVATE_SIEVE":   (*SyncSession).activateScript,
		"UNACTIVATE_SIEVE": (*SyncSession).activateScript,
	}
}

// capabilitySieve is what a client asks for that sends scripts as mail.
const capabilitySieve = "SIEVE-MAILBOX"

func (s *SyncSession) enable(what dlist.Value) error {
	enabled := dlist.ListOf("ENABLED")
	for _, capability := range what.Texts() {
		if strings.EqualFold(capability, capabilitySieve) && !s.withoutSieve {
			s.sieveMailbox = true
			enabled.Items = append(enabled.Items, dlist.Atom("", capability))
		}
	}
	s.tell(enabled)
	return nil
}

// stage keeps message files aside until records name them. Whether the files are
// what their GUIDs say shows only then.
func (s *SyncSession) stage(what dlist.Value) error {
	for _, sent := range what.Items {
		if sent.Kind != dlist.File {
			continue
		}
		at := s.stagedIn(sent.Partition)
		if guid := strings.ToLower(sent.GUID); at[guid].body == nil {
			at[guid] = newFile([]byte(sent.Text), 0)
		}
	}
	return nil
}

func (s *SyncSession) stagedIn(partition string) map[string]file {
	if s.staged[partition] == nil {
		s.staged[partition] = map[string]file{}
	}
	return s.staged[partition]
}

// reserve looks for messages in the mailboxes that are named, keeps those aside that
// are there as they should be, and tells of the others, which are to be sent.
func (s *SyncSession) reserve(what dlist.Value) error {
	fields := syncFields{of: what}
	partition, mailboxes, guids := fields.text("PARTITION"), fields.list("MBOXNAME"), fields.list("GUID")
	if fields.err != nil {
		return fields.err
	}
	at, wanted := s.stagedIn(partition), map[string]bool{}
	for _, guid := range guids {
		wanted[strings.ToLower(guid.Text)] = true
	}
	for _, name := range mailboxes {
		v, err := s.server.getFullMailbox(name.Text)
		if err == syncServerCrash {
			return err
		}
		if err != nil {
			continue
		}
		for _, r := range v.index().records {
			if _, kept := at[r.guid]; kept || r.unlinked || !wanted[r.guid] {
				continue
			}
			if there, err := v.fetch(r); err == nil {
				at[r.guid] = there
			}
		}
	}
	missing := dlist.ListOf("MISSING")
	for _, guid := range guids {
		if _, kept := at[strings.ToLower(guid.Text)]; !kept {
			missing.Items = append(missing.Items, guid)
		}
	}
	if len(missing.Items) > 0 {
		s.tell(missing)
	}
	return nil
}

func (s *SyncSession) expunge(what dlist.Value) error {
	fields := syncFields{of: what}
	name, uniqueID, list := fields.text("MBOXNAME"), fields.text("UNIQUEID"), fields.list("UID")
	if fields.err != nil {
		return fields.err
	}
	v, err := s.server.getFullMailbox(name)
	switch {
	case err != nil:
		return err
	case v.entry.uniqueID != uniqueID:
		return syncMoved
	}
	var uids []uint32
	for _, item := range list {
		uid, err := strconv.ParseUint(item.Text, 10, 32)
		if err != nil {
			return syncParameters
		}
		uids = append(uids, uint32(uid))
	}
	return s.server.applyExpunge(name, uids)
}

func (s *SyncSession) rename(what dlist.Value) error {
	fields := syncFields{of: what}
	from, to := fields.text("OLDMBOXNAME"), fields.text("NEWMBOXNAME")
	if fields.err != nil {
		return fields.err
	}
	if err := s.server.applyRename(from, to); err != nil {
		return err
	}
	if uidValidity := uint32(fields.optional("UIDVALIDITY", 32)); uidValidity != 0 {
		v := s.server.visit(s.server.disk.list.find(to))
		v.entry.uidValidity = uidValidity
		s.server.disk.list.rewrote(v.entry)
		if v.folder != nil {
			v.index().uidValidity = uidValidity
		}
	}
	return nil
}

func (s *SyncSession) removeMailbox(what dlist.Value) error {
	return s.server.applyUnmailbox(what.Text)
}

func (s *SyncSession) removeAccount(what dlist.Value) error {
	if what.Text == "" {
		return nil
	}
	return s.server.applyUnuser(what.Text)
}

func (s *SyncSession) changeSeen(what dlist.Value) error {
	fields := syncFields{of: what}
	account, uniqueID, set := fields.text("USERID"), fields.text("UNIQUEID"), fields.text("SEENUIDS")
	state := seenState{
		lastUID: uint32(fields.number("LASTUID", 32)), lastRead: int64(fields.number("LASTREAD", 63)), lastChange: int64(fields.number("LASTCHANGE", 63)),
	}
	ok := false
	if state.uids, ok = parseUIDSet(set, state.lastUID); fields.err != nil || !ok {
		return syncParameters
	}
	s.server.disk.account(account).seen[uniqueID] = state
	return nil
}

// parseUIDSet reads a set of UIDs, none of which is above the last.
func parseUIDSet(set string, last uint32) ([]uint32, bool) {
	var uids []uint32
	if set == "" {
		return uids, true
	}
	for piece := range strings.SplitSeq(set, ",") {
		first, end, isRange := strings.Cut(piece, ":")
		from, err := strconv.ParseUint(first, 10, 32)
		to := from
		if err == nil && isRange {
			to, err = strconv.ParseUint(end, 10, 32)
		}
		if err != nil || from == 0 || to < from || to > uint64(last) {
			return nil, false
		}
		for uid := from; uid <= to; uid++ {
			uids = append(uids, uint32(uid))
		}
	}
	return uids, slices.IsSorted(uids)
}

func (s *SyncSession) subscribe(what dlist.Value) error {
	fields := syncFields{of: what}
	account, name := fields.text("USERID"), fields.text("MBOXNAME")
	if fields.err != nil {
		return fields.err
	}
	a := s.server.disk.account(account)
	if what.Key == "SUB" {
		a.subscriptions[name], a.hasSubs = true, true
	} else {
		delete(a.subscriptions, name)
	}
	return nil
}

// changeQuota makes the root if need be: then it holds all of the account's mailboxes.
func (s *SyncSession) changeQuota(what dlist.Value) error {
	fields := syncFields{of: what}
	root := fields.text("ROOT")
	account := ownerOf(root)
	switch {
	case fields.err != nil:
		return fields.err
	case root != inboxOf(account):
		return syncUnsupported // the model has roots of accounts alone
	}
	a := s.server.disk.account(account)
	a.quotaKiB, a.quotaModSeq = target.NoQuota, fields.optional("MODSEQ", 64)
	clear(a.otherLimits)
	for _, item := range what.Items {
		switch item.Key {
		case "ROOT", "LIMIT", "MODSEQ":
		case "STORAGE":
			a.quotaKiB = int64(fields.number(item.Key, 63))
		default:
			a.otherLimits[item.Key] = fields.number(item.Key, 64)
		}
	}
	s.server.setQuotaRoot(account, root)
	return fields.err
}

func (s *SyncSession) removeQuota(what dlist.Value) error {
	account := ownerOf(what.Text)
	a, ok := s.server.disk.accounts[account]
	if !ok || a.quotaRoot != what.Text {
		return nil // nothing has to be done
	}
	a.quotaKiB = target.NoQuota
	clear(a.otherLimits)
	s.server.setQuotaRoot(account, "")
	return nil
}

// entryInFile is the server's annotation that Cyrus keeps in a file of its own, where
// GET ANNOTATION does not look.
const entryInFile = "/motd"

// annotate sets or removes an annotation of a mailbox or, without a name, of the
// server.
func (s *SyncSession) annotate(what dlist.Value) error {
	fields := syncFields{of: what}
	name, key := fields.text("MBOXNAME"), annotation{fields.text("ENTRY"), fields.text("USERID")}
	value := ""
	if what.Key == "ANNOTATION" {
		value = fields.text("VALUE")
	}
	if fields.err != nil {
		return fields.err
	}
	annotations := s.server.disk.server
	if name != "" {
		v, err := s.server.getFullMailbox(name)
		if err != nil {
			return err
		}
		annotations = v.folder.annotations
		defer v.leave()
		v.nextModSeq()
	}
	switch {
	case name == "" && key.entry == entryInFile:
	case value == "":
		delete(annotations, key)
	default:
		annotations[key] = value
	}
	return nil
}

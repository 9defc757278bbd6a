package property_test

import (
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

const rules = "# rules, version 2\r\nrequire [\"fileinto\"];\r\n"

// used is what a user has set, and a server that has all of it.
func used(t *testing.T) property.Scene {
	promises, accounts := user(t,
		traffic.Entry{Op: traffic.OpAppend, Mailbox: "INBOX", Marker: "m", Flags: []string{`\Seen`, "work"}, InternalDate: date},
		traffic.Entry{Op: traffic.OpFlag, Mailbox: "INBOX", Marker: "m", Add: []string{`\Flagged`}, Remove: []string{`\Seen`}},
		traffic.Entry{Op: traffic.OpFlag, Mailbox: "INBOX", Marker: "m", Add: []string{"later"}, Outcome: target.InDoubt},
		traffic.Entry{Op: traffic.OpCreate, Mailbox: "INBOX/A"},
		traffic.Entry{Op: traffic.OpRename, Mailbox: "INBOX/A", To: "INBOX/B"},
		traffic.Entry{Op: traffic.OpCreate, Mailbox: "INBOX/Gone"},
		traffic.Entry{Op: traffic.OpDelete, Mailbox: "INBOX/Gone"},
		traffic.Entry{Op: traffic.OpCreate, Mailbox: "INBOX/Maybe"},
		traffic.Entry{Op: traffic.OpDelete, Mailbox: "INBOX/Maybe", Outcome: target.InDoubt},
		traffic.Entry{Op: traffic.OpSubscribe, Mailbox: "INBOX/B"},
		traffic.Entry{Op: traffic.OpSubscribe, Mailbox: "INBOX/Gone"},
		traffic.Entry{Op: traffic.OpSetACL, Mailbox: "INBOX/B", Name: "bob", Value: "lrswite"},
		traffic.Entry{Op: traffic.OpSetAnnotation, Mailbox: "INBOX/B", Name: "/shared/comment", Value: "x"},
		traffic.Entry{Op: traffic.OpSetQuota, Value: "500"},
		traffic.Entry{Op: traffic.OpPutScript, Name: "rules", Value: rules},
		traffic.Entry{Op: traffic.OpActivate, Name: "rules"},
		traffic.Entry{Op: traffic.OpPutScript, Name: "old", Value: "keep;"},
		traffic.Entry{Op: traffic.OpDeleteScript, Name: "old"})
	state := property.AccountState{Settings: map[string]property.Told[target.Settings]{
		"INBOX":   {Is: target.Settings{ACL: "alice lrswipkxtecdan", StorageKiB: 500}},
		"INBOX/B": {Is: target.Settings{ACL: "alice lrswipkxtecdan, bob lrswited", StorageKiB: 500, Annotations: map[string]string{"/shared/comment": "x"}}},
	}}
	state.Mailboxes.Is = []string{"INBOX", "INBOX/B", "user/bob/shared"}
	state.Subscriptions.Is = []string{"INBOX/B"}
	state.Scripts.Is = property.Scripts{Active: "rules", Sources: map[string]string{"rules": rules}}
	message := good(1, "m")
	message.Flags, message.InternalDate = []string{"WORK", `\Flagged`}, date
	return property.Scene{
		Promises: promises, Accounts: accounts, States: map[string]property.AccountState{"alice": state},
		Mail:   mail(map[string]*property.ReadMailbox{"INBOX": {Messages: []property.ReadMessage{message}}, "INBOX/B": {}}),
		Probes: map[string][]property.Filing{"alice": {{Topic: "lists", Expected: "INBOX", Found: "INBOX"}}},
	}
}

// state lets a plant change what alice's user is told.
func state(change func(*property.AccountState)) func(*property.Scene) {
	return func(s *property.Scene) {
		changed := s.States["alice"]
		change(&changed)
		s.States["alice"] = changed
	}
}

func settings(mailbox string, change func(*property.Told[target.Settings])) func(*property.Scene) {
	return state(func(a *property.AccountState) {
		told := a.Settings[mailbox]
		change(&told)
		a.Settings[mailbox] = told
	})
}

func TestStateKeptCatches(t *testing.T) {
	message := func(change func(*property.ReadMessage)) func(*property.Scene) {
		return func(s *property.Scene) { change(&inbox(s).Messages[0]) }
	}
	list := func(names ...string) func(*property.Scene) {
		return state(func(a *property.AccountState) { a.Mailboxes.Is = names })
	}
	runScenes(t, property.StateKept{}, func() property.Scene { return used(t) }, 7, []plantedScene{
		{"a flag that was lost", message(func(m *property.ReadMessage) { m.Flags = []string{"work"} }), property.Fail, `message m, UID 1 in INBOX of alice on imap2: it has lost \Flagged`},
		{"a flag that was taken away", message(func(m *property.ReadMessage) { m.Flags = append(m.Flags, `\Seen`) }), property.Fail, `it has \Seen, which its user took away`},
		{"a flag from nowhere", message(func(m *property.ReadMessage) { m.Flags = append(m.Flags, `\Answered`) }), property.Fail, `it has \Answered, which nobody gave it`},
		{"a flag in doubt, and Recent", message(func(m *property.ReadMessage) { m.Flags = append(m.Flags, "later", `\Recent`) }), property.Pass, ""},
		{"another date", message(func(m *property.ReadMessage) { m.InternalDate = date.AddDate(0, 0, 1) }), property.Fail, "its INTERNALDATE is 2026-01-06 08:00:00 and was 2026-01-05 08:00:00"},
		{"a message that is gone", func(s *property.Scene) { inbox(s).Messages = nil }, property.Unknown, "it is not there"},
		{"a good copy beside a bad one", func(s *property.Scene) { inbox(s).Messages = append(inbox(s).Messages, good(2, "m")) }, property.Pass, ""},
		{"a mailbox that is gone", list("INBOX"), property.Fail, "INBOX/B of alice on imap2: the mailbox is not there"},
		{"a mailbox under its old name", list("INBOX", "INBOX/A", "INBOX/B"), property.Fail, "INBOX/A of alice on imap2: no user has a mailbox of this name"},
		{"a deleted mailbox that is back", list("INBOX", "INBOX/B", "INBOX/Gone"), property.Fail, "its user deleted the mailbox, and it is there again"},
		{"a mailbox whose deletion is in doubt", list("INBOX", "INBOX/B", "INBOX/Maybe"), property.Pass, ""},
		{"a list that is refused", state(func(a *property.AccountState) { a.Mailboxes.Err = errNo }), property.Fail, "its mailboxes cannot be listed"},
		{"a list without an answer", state(func(a *property.AccountState) { a.Mailboxes = property.Told[[]string]{Err: errLate} }), property.Unknown, "no answer came"},
		{"a subscription that is lost", state(func(a *property.AccountState) { a.Subscriptions.Is = nil }), property.Fail, "its subscription is lost"},
		{"a subscription from nowhere", state(func(a *property.AccountState) { a.Subscriptions.Is = []string{"INBOX", "INBOX/B"} }), property.Fail, "its user never asked for that"},
		{"other rights", settings("INBOX/B", func(s *property.Told[target.Settings]) { s.Is.ACL = "bob lrs" }), property.Fail, `INBOX/B of alice on imap2: the rights of bob should be "lrswite" and is "lrs"`},
		{"an annotation that is lost", settings("INBOX/B", func(s *property.Told[target.Settings]) { s.Is.Annotations = nil }), property.Fail, `/shared/comment should be "x" and is none`},
		{"settings that a target does not have", settings("INBOX/B", func(s *property.Told[target.Settings]) { s.Err = errNever }), property.Unknown, "does not model settings"},
		{"settings that nobody read", state(func(a *property.AccountState) { a.Settings = nil }), property.Unknown, "were not read"},
		{"a quota that is lost", settings("INBOX", func(s *property.Told[target.Settings]) { s.Is.StorageKiB = target.NoQuota }), property.Fail, "its quota should be 500 KiB and is none"},
		{"no state", func(s *property.Scene) { s.States = nil }, property.Unknown, "its state was not read"},
	})
}

// A flag of a copy may be as any of the equal messages had it that it may be a copy
// of, where the operator was told so.
func TestStateKeptHearsReports(t *testing.T) {
	lost := func(frozen *property.Frozen, mailbox, flag string, uid uint32) func(*property.Scene) {
		return func(s *property.Scene) {
			inbox(s).Messages[0].Flags = []string{"work"}
			s.Reported.DoubtfulFlags = []property.DoubtfulFlag{{Account: "alice", Mailbox: mailbox, GUID: "sha1 of m", UID: uid, Flag: flag}}
			s.Frozen = frozen
		}
	}
	some, all := flagged([]string{"old", `\Flagged`}, []string{"old"}), flagged([]string{"old", `\Flagged`}, []string{"old", `\Flagged`})
	runScenes(t, property.StateKept{}, func() property.Scene { return used(t) }, 7, []plantedScene{
		{"undecidable, and reported", lost(some, "INBOX", `\Flagged`, 1), property.Pass, `message m, UID 1 in INBOX of alice on imap2: it has lost \Flagged; reported as doubtful, as it is`},
		{"undecidable, and another flag reported", lost(some, "INBOX", "old", 1), property.Fail, `it has lost \Flagged`},
		{"undecidable, and another mailbox reported", lost(some, "INBOX/B", `\Flagged`, 7), property.Fail, `it has lost \Flagged`},
		{"decidable, and reported", lost(all, "INBOX", `\Flagged`, 1), property.Fail, `it has lost \Flagged`},
		{"reported, decidable, and kept", func(s *property.Scene) {
			lost(all, "INBOX", `\Flagged`, 1)(s)
			inbox(s).Messages[0].Flags = []string{"work", `\Flagged`}
		}, property.Fail, `UID 1 in INBOX of alice on imap2: \Flagged of it was reported as doubtful, but the freeze decides it`},
		{"reported without a freeze", lost(nil, "INBOX", `\Flagged`, 1), property.Unknown, "without a freeze"},
	})
}

// What a target does not have is no matter where no user asked for it.
func TestStateKeptWithoutSettings(t *testing.T) {
	promises, accounts := user(t, traffic.Entry{Op: traffic.OpAppend, Mailbox: "INBOX", Marker: "m"})
	told := property.AccountState{Settings: map[string]property.Told[target.Settings]{"INBOX": {Err: errNever}}}
	told.Mailboxes.Is, told.Subscriptions.Err, told.Scripts.Err = []string{"INBOX"}, errNever, errNever
	scene := property.Scene{
		Promises: promises, Accounts: accounts, States: map[string]property.AccountState{"alice": told},
		Mail: mail(map[string]*property.ReadMailbox{"INBOX": {Messages: []property.ReadMessage{good(1, "m")}}}),
	}
	if got := (property.StateKept{}).Check(scene); got.Verdict != property.Pass || got.Checked != 2 {
		t.Errorf("%+v", got)
	}
}

func TestRightsAreComparedAsSets(t *testing.T) {
	for asked, told := range map[string]string{"lrs": "lrs", "lrswite": "lrswited", "lrswic": "lrswikxc", "srl": "lrs", "": "", "k": "kc", "lrsd": "lrsted"} {
		s := used(t)
		_, s.Accounts = user(t, traffic.Entry{Op: traffic.OpCreate, Mailbox: "INBOX/B"}, traffic.Entry{Op: traffic.OpSetACL, Mailbox: "INBOX/B", Name: "bob", Value: asked})
		settings("INBOX/B", func(s *property.Told[target.Settings]) { s.Is.ACL = "alice lrswipkxtecdan, bob " + told })(&s)
		settings("INBOX", func(s *property.Told[target.Settings]) { s.Is.StorageKiB = target.NoQuota })(&s)
		state(func(a *property.AccountState) { a.Subscriptions.Is = nil })(&s)
		if got := (property.StateKept{}).Check(s); got.Verdict != property.Pass {
			t.Errorf("asked %q, told %q: %+v", asked, told, got)
		}
	}
}

func TestRulesCurrentCatches(t *testing.T) {
	scripts := func(change func(*property.Scripts)) func(*property.Scene) {
		return state(func(a *property.AccountState) { change(&a.Scripts.Is) })
	}
	filing := func(change func(*property.Filing)) func(*property.Scene) {
		return func(s *property.Scene) { change(&s.Probes["alice"][0]) }
	}
	runScenes(t, property.RulesCurrent{}, func() property.Scene { return used(t) }, 4, []plantedScene{
		{"another script active", scripts(func(s *property.Scripts) { s.Active = "" }), property.Fail, `the active script should be "rules" and is none`},
		{"an old version", scripts(func(s *property.Scripts) { s.Sources["rules"] = "# rules, version 1" }), property.Fail, `script "rules" of alice on imap2: it is not what its user put last`},
		{"a script that is gone", scripts(func(s *property.Scripts) { s.Sources = nil }), property.Fail, "the script is gone"},
		{"a deleted script that is back", scripts(func(s *property.Scripts) { s.Sources["old"] = "keep;" }), property.Fail, "its user deleted the script"},
		{"scripts that cannot be read", state(func(a *property.AccountState) { a.Scripts.Err = errNo }), property.Fail, "its scripts cannot be read"},
		{"scripts that a target does not have", state(func(a *property.AccountState) { a.Scripts.Err = errNever }), property.Unknown, "does not model"},
		{"mail that is filed by other rules", filing(func(f *property.Filing) { f.Found = "INBOX/Old" }), property.Fail, "mail about lists should be filed into INBOX and went to INBOX/Old"},
		{"mail that is nowhere", filing(func(f *property.Filing) { f.Found = "" }), property.Fail, "is nowhere"},
		{"mail that is refused", filing(func(f *property.Filing) { f.Err = errNo }), property.Fail, "cannot be delivered"},
		{"mail whose way is not known", filing(func(f *property.Filing) { f.Err = errLate }), property.Unknown, "no answer came"},
		{"no probe", func(s *property.Scene) { s.Probes = nil }, property.Unknown, "no mail was delivered to probe"},
		{"no state", func(s *property.Scene) { s.States = nil }, property.Unknown, "its state was not read"},
		{"misfiled mail", func(s *property.Scene) { s.Promises[0].Filed, s.Promises[0].SeenIn = "INBOX/Lists", "INBOX" }, property.Pass, "message m of alice was to be filed into INBOX/Lists and was seen in INBOX first"},
		{"no rules", func(s *property.Scene) { s.Accounts = nil }, property.Unknown, "no promise"},
	})
}

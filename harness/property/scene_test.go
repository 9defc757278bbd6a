package property_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// plantedScene is a bug as it would show in a scene that is otherwise right.
type plantedScene struct {
	name    string
	plant   func(*property.Scene)
	verdict property.Verdict
	says    string // part of what the property says first: violation, unknown, reported
}

func runScenes(t *testing.T, p property.Property, scene func() property.Scene, checked int, bugs []plantedScene) {
	t.Helper()
	if got := p.Check(scene()); got.Verdict != property.Pass || got.Checked != checked {
		t.Fatalf("all is right: verdict %s with %d checked, want pass with %d: %+v", got.Verdict, got.Checked, checked, got)
	}
	for _, bug := range bugs {
		t.Run(bug.name, func(t *testing.T) {
			planted := scene()
			bug.plant(&planted)
			got := p.Check(planted)
			if got.Verdict != bug.verdict {
				t.Fatalf("verdict %s, want %s: %+v", got.Verdict, bug.verdict, got)
			}
			lines := slices.Concat(got.Unknown, got.Reported)
			for _, n := range got.Noted {
				lines = append(lines, n.Account+": "+n.Text)
			}
			said := strings.Join(lines, "\n")
			if len(got.Violations) > 0 {
				said = got.Violations[0].String()
			}
			if !strings.Contains(said, bug.says) {
				t.Errorf("said %q, want something with %q", said, bug.says)
			}
		})
	}
}

var (
	date     = time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC)
	errLate  = errors.New("no answer came")
	errNo    = &target.RefusedError{Command: "LIST", Status: "NO", Text: "System I/O error"}
	errNever = &target.UnsupportedError{Target: "the simulator", What: "settings of mailboxes"}
)

// user plays what alice did, each operation acknowledged unless it ends in "?",
// and returns the ledger's promises.
func user(t *testing.T, entries ...traffic.Entry) ([]traffic.Message, []traffic.Account) {
	t.Helper()
	l := traffic.NewLedger(nil)
	for _, e := range entries {
		var err error
		if e.Outcome == target.InDoubt {
			err = errLate
		}
		e.Account, e.Session, e.Server, e.SentAt = "alice", "alice", "imap1", date
		l.Answered(l.Sent(e), date, err)
	}
	if err := l.Check(); err != nil {
		t.Fatal(err)
	}
	return l.Messages(), l.Accounts()
}

func inbox(s *property.Scene) *property.ReadMailbox { return box(s, "INBOX") }

func box(s *property.Scene, name string) *property.ReadMailbox {
	return s.Mail.Mailboxes[property.MailboxID{Account: "alice", Mailbox: name}]
}

func mail(boxes map[string]*property.ReadMailbox) property.Mail {
	m := property.Mail{Server: target.Imap2, Mailboxes: map[property.MailboxID]*property.ReadMailbox{}}
	for name, box := range boxes {
		m.Mailboxes[property.MailboxID{Account: "alice", Mailbox: name}] = box
	}
	return m
}

// What was deleted under one name of its mailbox can come back under another.
func TestNoResurrectionLooksEverywhere(t *testing.T) {
	scene := func() property.Scene {
		promises, _ := user(t,
			traffic.Entry{Op: traffic.OpCreate, Mailbox: "INBOX/A"},
			traffic.Entry{Op: traffic.OpAppend, Mailbox: "INBOX/A", Marker: "m"},
			traffic.Entry{Op: traffic.OpRename, Mailbox: "INBOX/A", To: "INBOX/B"},
			traffic.Entry{Op: traffic.OpCopy, Mailbox: "INBOX/B", To: "INBOX", Marker: "m"},
			traffic.Entry{Op: traffic.OpExpunge, Mailbox: "INBOX/B", Marker: "m"})
		return property.Scene{Promises: promises, Mail: mail(map[string]*property.ReadMailbox{
			"INBOX": {Messages: []property.ReadMessage{good(1, "m")}}, "INBOX/A": {Absent: true}, "INBOX/B": {},
		})}
	}
	runScenes(t, property.NoResurrection{}, scene, 1, []plantedScene{
		{"back under the old name", func(s *property.Scene) {
			*box(s, "INBOX/A") = property.ReadMailbox{Messages: []property.ReadMessage{good(4, "m")}}
		}, property.Fail, "message m, UID 4 in INBOX/A of alice on imap2: its user expunged it"},
	})
}

func TestNoDoublesCatches(t *testing.T) {
	scene := func() property.Scene {
		return property.Scene{Promises: promises(), Mail: mail(map[string]*property.ReadMailbox{"INBOX": intact()})}
	}
	twice := func(s *property.Scene) { inbox(s).Messages = append(inbox(s).Messages, good(9, "kept")) }
	report := property.Doubtful{Account: "alice", Mailbox: "INBOX", GUID: "sha1 of kept", UID: 3}
	runScenes(t, property.NoDoubles{}, scene, 4, []plantedScene{
		{"a message copied though it was there", twice, property.Fail, "message kept, UID 9 in INBOX of alice on imap2: it is there 2 times, as UID 1 and 9"},
		{"a message in doubt that is there twice", func(s *property.Scene) {
			inbox(s).Messages = append(inbox(s).Messages, good(8, "in-doubt"), good(9, "in-doubt"))
		}, property.Fail, "in-doubt"},
		{"a delivery tried again in doubt", func(s *property.Scene) {
			twice(s)
			s.Promises[0].Tries, s.Promises[0].DoubtfulTry = 2, true
		}, property.Pass, ""},
		{"a delivery tried again though it was acknowledged", func(s *property.Scene) { twice(s); s.Promises[0].Tries = 2 }, property.Fail, "2 times"},
		{"a double that was reported, as the freeze has it", func(s *property.Scene) {
			twice(s)
			s.Reported.Doubtful, s.Frozen = []property.Doubtful{report}, frozen()
		}, property.Pass, "reported as doubtful, as it is"},
		{"a double that was reported, though the freeze decides it", func(s *property.Scene) {
			twice(s)
			report := report
			report.UID = 1
			s.Reported.Doubtful, s.Frozen = []property.Doubtful{report}, frozen()
		}, property.Fail, "but the freeze decides it: it was live on imap1"},
		{"a double that was reported without a freeze", func(s *property.Scene) {
			twice(s)
			s.Reported.Doubtful = []property.Doubtful{report}
		}, property.Unknown, "without a freeze"},
		{"a mailbox that gave no answer", func(s *property.Scene) { *inbox(s) = property.ReadMailbox{Unknown: errLate} }, property.Unknown, "no answer came"},
		{"a mailbox that cannot be opened", func(s *property.Scene) { *inbox(s) = property.ReadMailbox{Refused: errNo} }, property.Unknown, "System I/O error"},
	})
}

func TestNoResurrectionHearsReports(t *testing.T) {
	scene := func() property.Scene {
		return property.Scene{Promises: promises(), Mail: mail(map[string]*property.ReadMailbox{"INBOX": intact()})}
	}
	with := func(uid uint32, back bool) func(*property.Scene) {
		return func(s *property.Scene) {
			if back {
				inbox(s).Messages = append(inbox(s).Messages, good(7, "expunged"))
			}
			s.Reported.Doubtful = []property.Doubtful{{Account: "alice", Mailbox: "INBOX", Marker: "expunged", GUID: "sha1 of kept", UID: uid}}
			s.Frozen = frozen()
		}
	}
	runScenes(t, property.NoResurrection{}, scene, 1, []plantedScene{
		{"undecidable, and reported", with(3, true), property.Pass, "message expunged, UID 7 in INBOX of alice on imap2: its user expunged it, and it is there again; reported as doubtful, as it is"},
		{"decidable, and reported", with(2, true), property.Fail, "but the freeze decides it: there is a tombstone"},
		{"reported, decidable, and not back", with(2, false), property.Fail, "message expunged, INBOX of alice on imap2: it was reported as doubtful, but the freeze decides it"},
		{"reported, undecidable, and not back", with(3, false), property.Pass, ""},
	})
}

func TestIMAPPromisesCatches(t *testing.T) {
	sighting := func(minute int, server, marker string, uid uint32) traffic.Sighting {
		return traffic.Sighting{Marker: marker, Account: "alice", Mailbox: "INBOX", Server: server, At: date.Add(time.Duration(minute) * time.Minute), UIDValidity: 5, UID: uid}
	}
	count := func(minute int, server string, next uint32, modseq uint64) traffic.Count {
		return traffic.Count{Server: server, Account: "alice", Mailbox: "INBOX", At: date.Add(time.Duration(minute) * time.Minute), Counters: target.Counters{UIDValidity: 5, UIDNext: next, HighestModSeq: modseq}}
	}
	scene := func() property.Scene {
		box := intact()
		box.Counters = target.Counters{UIDValidity: 5, UIDNext: 8, HighestModSeq: 30}
		return property.Scene{
			Sightings: []traffic.Sighting{sighting(1, "imap1", "kept", 1), sighting(2, "imap1", "lost", 7), sighting(4, "imap2", "new", 6)},
			Counts:    []traffic.Count{count(2, "imap1", 9, 40), count(4, "imap2", 7, 20)}, // what the dead master had last is gone
			Mail:      mail(map[string]*property.ReadMailbox{"INBOX": box}),
		}
	}
	reuse := func(s *property.Scene) { s.Sightings[2].UID = 7 }
	runScenes(t, property.IMAPPromises{}, scene, 8, []plantedScene{
		{"one UID for two messages on one server", func(s *property.Scene) { s.Sightings[1].UID = 1 }, property.Fail, "UID 1 in INBOX of alice on imap1: it has the UID that message kept had"},
		{"one UID for two messages by the end", func(s *property.Scene) { inbox(s).Messages[1].UID = 6 }, property.Fail, "message new had on the same server"},
		{"one UID under two UIDVALIDITYs", func(s *property.Scene) { s.Sightings[1].UID, s.Sightings[1].UIDValidity = 1, 6 }, property.Pass, ""},
		{"UIDNEXT going back", func(s *property.Scene) { s.Counts[0] = count(3, "imap2", 9, 20) }, property.Fail, "UIDNEXT went back from 9 to 7"},
		{"HIGHESTMODSEQ going back", func(s *property.Scene) { s.Counts[1].HighestModSeq = 31 }, property.Fail, "HIGHESTMODSEQ went back from 31 to 30"},
		{"a UID given out again by the new master", reuse, property.Fail, "clients' caches are wrong: UID 7 was message lost on imap1 and is new on imap2; and nobody was told"},
		{"a UID given out again, and reported", func(s *property.Scene) {
			reuse(s)
			s.Reported.Caches = []property.MailboxID{{Account: "alice", Mailbox: "INBOX"}}
		}, property.Pass, "clients' caches are wrong"},
		{"another mailbox reported", func(s *property.Scene) {
			reuse(s)
			s.Reported.Caches = []property.MailboxID{{Account: "bob", Mailbox: "INBOX"}}
		}, property.Fail, "nobody was told"},
		{"nothing seen", func(s *property.Scene) { *s = property.Scene{} }, property.Unknown, "no promise"},
	})
}

func TestAccessCatches(t *testing.T) {
	scene := func() property.Scene {
		_, accounts := user(t, traffic.Entry{Op: traffic.OpCreate, Mailbox: "INBOX/A"}, traffic.Entry{Op: traffic.OpRename, Mailbox: "INBOX/A", To: "INBOX/B", Outcome: target.InDoubt})
		return property.Scene{
			Promises: promises(), Accounts: accounts, States: map[string]property.AccountState{"alice": {}},
			Mail:    mail(map[string]*property.ReadMailbox{"INBOX": intact(), "INBOX/A": {Absent: true}, "INBOX/B": {}}),
			Outages: map[string]time.Duration{"alice": 1500 * time.Millisecond},
		}
	}
	runScenes(t, property.Access{}, scene, 3, []plantedScene{
		{"how long nobody got in", func(*property.Scene) {}, property.Pass, "alice was without service for 1.5s"},
		{"a user who cannot log in", func(s *property.Scene) { s.States["alice"] = property.AccountState{Login: errNo} }, property.Fail, "alice on imap2: its user cannot log in: LIST: refused"},
		{"a login without an answer", func(s *property.Scene) { s.States["alice"] = property.AccountState{Login: errLate} }, property.Unknown, "no answer came"},
		{"nobody tried", func(s *property.Scene) { s.States = nil }, property.Unknown, "nobody tried"},
		{"a mailbox that cannot be opened", func(s *property.Scene) { *inbox(s) = property.ReadMailbox{Refused: errNo} }, property.Fail, "INBOX of alice on imap2: the mailbox cannot be opened"},
		{"a mailbox under neither of its names", func(s *property.Scene) { box(s, "INBOX/B").Absent = true }, property.Fail, "INBOX/A of alice on imap2: the mailbox does not exist"},
		{"a mailbox without an answer", func(s *property.Scene) { *inbox(s) = property.ReadMailbox{Unknown: errLate} }, property.Unknown, "no answer came"},
		{"a message that cannot be given", func(s *property.Scene) { inbox(s).Messages[1] = property.ReadMessage{UID: 2} }, property.Fail, "UID 2 in INBOX of alice on imap2: the server lists the message and cannot give it"},
	})
}

func TestLookingChangesNothingCatches(t *testing.T) {
	scene := func() property.Scene {
		return property.Scene{Looks: []property.Look{{Detector: "index-compare", Server: target.Imap1, Before: map[string]string{"1.": "a"}, After: map[string]string{"1.": "a"}}}}
	}
	runScenes(t, property.LookingChangesNothing{}, scene, 1, []plantedScene{
		{"a detector that wrote", func(s *property.Scene) { s.Looks[0].After = map[string]string{"1.": "b"} }, property.Fail, "index-compare changed the server's data by looking at it (1.: a → b)"},
		{"a detector that removed", func(s *property.Scene) { s.Looks[0].After = map[string]string{} }, property.Fail, "1.: a → gone"},
		{"replication at work", func(s *property.Scene) { s.Looks[0].After, s.Looks[0].Replicating = map[string]string{}, true }, property.Unknown, "replication was at work"},
		{"no list of files", func(s *property.Scene) { s.Looks[0].After = nil }, property.Unknown, "could not be had"},
		{"no look", func(s *property.Scene) { s.Looks = nil }, property.Unknown, "no promise"},
	})
}

func TestConvergenceCatches(t *testing.T) {
	side := func(server target.ServerName) *property.SideState {
		return &property.SideState{Server: server, Failed: map[string]error{}, Accounts: map[string]target.Snapshot{"alice": {
			Server: server, Account: "alice", Level: target.LevelBody, Mailboxes: []target.Mailbox{{Name: "INBOX", UIDValidity: 5, Records: []target.Record{
				{UID: 1, GUID: "a", BodySHA1: "a"}, {UID: 2, GUID: "b", Expunged: true},
			}}},
		}}}
	}
	scene := func() property.Scene {
		return property.Scene{
			Mail: property.Mail{Server: target.Imap1}, Sides: [2]*property.SideState{side(target.Imap1), side(target.Imap2)},
			Crossings: []property.Crossing{{Account: "alice", Took: time.Second}},
		}
	}
	records := func(s *property.Scene) []target.Record { return s.Sides[1].Accounts["alice"].Mailboxes[0].Records }
	runScenes(t, property.Convergence{}, scene, 2, []plantedScene{
		{"other flags on the replica", func(s *property.Scene) { records(s)[0].Flags = []string{`\Seen`} }, property.Fail, `UID 1 in INBOX of alice on imap2: flags is none on imap1 and \Seen on imap2`},
		{"another body on the replica", func(s *property.Scene) { records(s)[0].BodySHA1 = target.NoBody }, property.Fail, "body is a on imap1"},
		{"a message on one side only", func(s *property.Scene) {
			s.Sides[1].Accounts["alice"].Mailboxes[0].Records = records(s)[1:]
		}, property.Fail, "it is message a"},
		{"a tombstone on one side only", func(s *property.Scene) {
			s.Sides[1].Accounts["alice"].Mailboxes[0].Records = records(s)[:1]
		}, property.Pass, ""},
		{"a message that is deleted on one side only", func(s *property.Scene) { records(s)[1].Expunged = false }, property.Fail, "expunged is true on imap1"},
		{"a side that cannot be read", func(s *property.Scene) {
			delete(s.Sides[0].Accounts, "alice")
			s.Sides[0].Failed["alice"] = errNo
		}, property.Fail, "alice on imap1: it cannot be read to the body"},
		{"a side without an answer", func(s *property.Scene) {
			delete(s.Sides[0].Accounts, "alice")
			s.Sides[0].Failed["alice"] = errLate
		}, property.Unknown, "no answer came"},
		{"a side that was not read", func(s *property.Scene) { delete(s.Sides[0].Accounts, "alice") }, property.Unknown, "one side was not read"},
		{"no replica", func(s *property.Scene) { s.Sides = [2]*property.SideState{} }, property.Unknown, "no replica"},
		{"a message that does not arrive", func(s *property.Scene) {
			s.Crossings[0].Err = &target.TimeoutError{What: "a message", Within: time.Second}
		}, property.Fail, "replication does not go on"},
		{"a message whose way is not known", func(s *property.Scene) { s.Crossings[0].Err = errLate }, property.Unknown, "no answer came"},
		{"no message sent across", func(s *property.Scene) { s.Crossings = nil }, property.Unknown, "no message was sent across"},
	})
	many := scene()
	for range 30 {
		many.Sides[1].Accounts["alice"] = target.Snapshot{Level: target.LevelBody, Mailboxes: append(many.Sides[1].Accounts["alice"].Mailboxes, target.Mailbox{Name: "INBOX/" + strings.Repeat("x", len(many.Sides[1].Accounts["alice"].Mailboxes))})}
	}
	if got := (property.Convergence{}).Check(many); len(got.Violations) != 21 || !strings.Contains(got.Violations[20].Text, "10 more differences") {
		t.Errorf("of 30 differences: %d violations, the last %v", len(got.Violations), got.Violations[len(got.Violations)-1])
	}
}

package sim_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/canary"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// promise is what the model must do, and the bug because of which it would not.
type promise struct {
	name string
	bug  canary.Bug
	// broken says in what it is not kept; empty: it is kept.
	broken func(h hand) string
}

// hand does things to a pair, as alice where it needs an account.
type hand struct {
	testing.TB
	pair target.Pair
}

func (h hand) must(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h hand) alice() target.Session { return login(h, h.pair.Serving(), "alice") }

// append stores one message of such a text in a mailbox and returns its UID.
func (h hand) append(mailbox, text string, flags ...string) uint32 {
	h.Helper()
	_, uids, err := h.alice().Append(h.Context(), mailbox, target.AppendMessage{Flags: flags, Body: message(text)})
	h.must(err)
	return uids[0]
}

func (h hand) create(mailbox string) {
	h.Helper()
	h.must(h.alice().CreateMailbox(h.Context(), mailbox))
}

// replicated lets time pass, and returns what the replica has then.
func (h hand) replicated() target.Snapshot {
	h.Helper()
	pass(h, h.pair, 10*time.Second)
	return snapshot(h, h.pair.Server(h.pair.Serving().Name().Other()), "alice")
}

func (h hand) records(mailbox string) []target.Record {
	h.Helper()
	records, err := h.alice().Records(h.Context(), mailbox)
	h.must(err)
	return records
}

// scripts opens a session for alice's scripts.
func (h hand) scripts() target.ScriptSession {
	h.Helper()
	session, err := h.pair.Serving().User().Scripts(h.Context(), "alice")
	h.must(err)
	return session
}

// lose lets the master die with a message that was not replicated, and resyncs it.
func (h hand) lose() {
	h.Helper()
	ctx, operator := h.Context(), h.pair.Operator()
	_, err := h.pair.Saboteur().Suspend(ctx, target.Imap1, "sync_client")
	h.must(err)
	h.append("INBOX", "lost")
	_, err = h.pair.Saboteur().KillServer(ctx, target.Imap1)
	h.must(errors.Join(err, operator.Promote(ctx, target.Imap2), operator.Rescue(ctx, target.Imap1)))
	_ = operator.Resync(ctx, target.Imap1, []string{"alice", "bob"}) // what it leaves is looked at
}

func unless(right bool, format string, args ...any) string {
	if right {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

var yesterday = sim.Epoch.Add(-24 * time.Hour)

func promises() []promise {
	return []promise{
		{"a message keeps the date that it is appended with", canary.AppendDateIgnored, func(h hand) string {
			_, _, err := h.alice().Append(h.Context(), "INBOX", target.AppendMessage{InternalDate: yesterday, Body: message("a")})
			h.must(err)
			date := h.records("INBOX")[0].InternalDate
			return unless(date.Equal(yesterday), "it is of %s", date)
		}},
		{"messages appended together are not alike", canary.AppendedTogetherAlike, func(h hand) string {
			_, _, err := h.alice().Append(h.Context(), "INBOX", target.AppendMessage{Body: message("a")}, target.AppendMessage{Body: message("b")})
			h.must(err)
			both := h.records("INBOX")
			return unless(both[0].GUID != both[1].GUID, "both are %s", both[0].GUID)
		}},
		{"what there is no room for is refused", canary.AcknowledgedOnFullDisk, func(h hand) string {
			_, err := h.pair.Saboteur().(target.DiskSaboteur).Fill(h.Context(), target.Imap1)
			h.must(err)
			_, _, err = h.alice().Append(h.Context(), "INBOX", target.AppendMessage{Body: message("a")})
			return unless(target.OutcomeOf(err) == target.Refused, "it is answered with %v", err)
		}},
		{"a message is delivered once", canary.DuplicatesDelivered, func(h hand) string {
			deliver(h, h.pair.Serving(), "alice", "a")
			deliver(h, h.pair.Serving(), "alice", "a")
			n := len(h.records("INBOX"))
			return unless(n == 1, "it is there %d times", n)
		}},
		{"a copy has the keywords of its original", canary.CopyLosesKeywords, func(h hand) string {
			h.create("INBOX/A")
			h.must(h.alice().Copy(h.Context(), "INBOX", []uint32{h.append("INBOX", "a", "urgent")}, "INBOX/A"))
			flags := h.records("INBOX/A")[0].Flags
			return unless(slices.Contains(flags, "urgent"), "it has %v", flags)
		}},
		{"what was moved is not where it was", canary.MoveLeavesOriginal, func(h hand) string {
			h.create("INBOX/A")
			h.must(h.alice().Move(h.Context(), "INBOX", []uint32{h.append("INBOX", "a")}, "INBOX/A"))
			return unless(len(h.records("INBOX")) == 0, "it is there")
		}},
		{"a change of flags raises the modseq", canary.FlagsKeepModSeq, func(h hand) string {
			uid := h.append("INBOX", "a")
			before := h.records("INBOX")[0].ModSeq
			h.must(h.alice().SetFlags(h.Context(), "INBOX", []uint32{uid}, []string{`\Seen`}, nil))
			after := h.records("INBOX")[0].ModSeq
			return unless(after > before, "it was %d and is %d", before, after)
		}},
		{"no UID is given twice", canary.UIDReused, func(h hand) string {
			uid := h.append("INBOX", "a")
			h.must(h.alice().Expunge(h.Context(), "INBOX", []uint32{uid}))
			again := h.append("INBOX", "b")
			return unless(again > uid, "%d is given after %d", again, uid)
		}},
		{"a mailbox is deleted alone", canary.NamesakesDeleted, func(h hand) string {
			h.create("INBOX/A")
			h.create("INBOX/AB")
			h.must(h.alice().DeleteMailbox(h.Context(), "INBOX/A"))
			names, err := h.alice().List(h.Context())
			h.must(err)
			return unless(slices.Equal(names, []string{"INBOX", "INBOX/AB"}), "left are %v", names)
		}},
		{"a mailbox that is made anew has another UIDVALIDITY", canary.UIDValidityReused, func(h hand) string {
			var validities []uint32
			for range 2 {
				h.create("INBOX/A")
				counters, err := h.alice().Status(h.Context(), "INBOX/A")
				h.must(err)
				validities = append(validities, counters.UIDValidity)
				h.must(h.alice().DeleteMailbox(h.Context(), "INBOX/A"))
			}
			return unless(validities[0] != validities[1], "it is %d as before", validities[0])
		}},
		{"nobody opens another's mailbox without a right", canary.RightsIgnored, func(h hand) string {
			_, err := login(h, h.pair.Serving(), "bob").Records(h.Context(), "user/alice")
			return unless(target.OutcomeOf(err) == target.Refused, "bob is answered with %v", err)
		}},
		{"a script that is stored is compiled", canary.OldBytecodeKept, func(h hand) string {
			var seen []string
			for _, source := range []string{"keep;\r\n", "discard;\r\n"} {
				h.must(h.scripts().Put(h.Context(), "rules", []byte(source)))
				compiled, err := h.pair.Serving().Host().CompiledScripts(h.Context(), "alice")
				h.must(err)
				seen = append(seen, compiled[0].SHA1)
			}
			return unless(seen[0] != seen[1], "its bytecode is that of the script before")
		}},
		{"a rename is replicated", canary.RenameUnlogged, func(h hand) string {
			h.create("INBOX/A")
			h.replicated()
			h.must(h.alice().RenameMailbox(h.Context(), "INBOX/A", "INBOX/B"))
			_, there := h.replicated().Mailbox("INBOX/B")
			return unless(there, "the replica has it by its old name")
		}},
		{"a change of flags is replicated", canary.FlagsUnlogged, func(h hand) string {
			uid := h.append("INBOX", "a")
			_ = h.records("INBOX")
			h.must(h.alice().SetFlags(h.Context(), "INBOX", []uint32{uid}, []string{`\Draft`}, nil)) // opens it, so that nothing is \Recent
			h.replicated()
			h.must(h.alice().SetFlags(h.Context(), "INBOX", []uint32{uid}, []string{`\Flagged`}, nil))
			m, _ := h.replicated().Mailbox("INBOX")
			return unless(slices.Contains(m.Records[0].Flags, `\Flagged`), "the replica has %v", m.Records[0].Flags)
		}},
		{"a subscription is replicated", canary.SubscriptionUnlogged, func(h hand) string {
			h.must(h.alice().Subscribe(h.Context(), "INBOX", true))
			subscribed := h.replicated().Meta.Subscriptions
			return unless(slices.Contains(subscribed, "INBOX"), "on the replica it is %v", subscribed)
		}},
		{"what could not be sent is sent later", canary.BatchDropped, func(h hand) string {
			h.must(h.pair.Operator().Stop(h.Context(), target.Imap2))
			h.append("INBOX", "a")
			pass(h, h.pair, 10*time.Second)
			h.must(h.pair.Operator().Start(h.Context(), target.Imap2))
			m, _ := h.replicated().Mailbox("INBOX")
			return unless(len(m.Records) == 1, "the replica has %d messages", len(m.Records))
		}},
		{"a quota is replicated", canary.QuotaUnsent, func(h hand) string {
			h.must(h.pair.Serving().User().SetQuota(h.Context(), "alice", 1000))
			limit := h.replicated().Meta.QuotaKiB
			return unless(limit == 1000, "on the replica it is %d", limit)
		}},
		{"an annotation is replicated", canary.AnnotationsUntaken, func(h hand) string {
			h.must(h.alice().SetAnnotation(h.Context(), "INBOX", "/shared/comment", "hers"))
			m, _ := h.replicated().Mailbox("INBOX")
			return unless(m.Annotations["/shared/comment"] == "hers", "the replica has %v", m.Annotations)
		}},
		{"which script is active is replicated", canary.ActiveScriptUntaken, func(h hand) string {
			h.must(h.scripts().Put(h.Context(), "rules", []byte("keep;\r\n")))
			h.must(h.scripts().Activate(h.Context(), "rules"))
			h.replicated()
			compiled, err := h.pair.Server(target.Imap2).Host().CompiledScripts(h.Context(), "alice")
			h.must(err)
			return unless(len(compiled) == 1 && compiled[0].Active, "the replica has %+v", compiled)
		}},
		{"what one has seen is replicated as one's own", canary.SeenMixedUp, func(h hand) string {
			h.append("INBOX", "a")
			h.must(h.alice().SetACL(h.Context(), "INBOX", "bob", "lrs"))
			h.must(login(h, h.pair.Serving(), "bob").SetFlags(h.Context(), "user/alice", []uint32{1}, []string{`\Seen`}, nil))
			h.replicated()
			records, err := login(h, h.pair.Server(target.Imap2), "bob").Records(h.Context(), "user/alice")
			h.must(err)
			return unless(slices.Contains(records[0].Flags, `\Seen`), "bob is shown %v on the replica", records[0].Flags)
		}},
		{"an index that is made anew has another UIDVALIDITY", canary.UIDValidityKept, func(h hand) string {
			h.append("INBOX", "a")
			before := inbox(h, h.pair.Serving(), "alice").UIDValidity
			_, err := h.pair.Saboteur().(target.IndexSaboteur).TruncateIndex(h.Context(), target.Imap1, "alice", "INBOX")
			h.must(err)
			_, err = h.pair.Operator().Reconstruct(h.Context(), target.Imap1, "alice", "INBOX")
			h.must(err)
			return unless(inbox(h, h.pair.Serving(), "alice").UIDValidity != before, "it is %d as before", before)
		}},
		{"reconstruct keeps the last UID", canary.LastUIDSetBack, func(h hand) string {
			h.append("INBOX", "a")
			last := h.append("INBOX", "b")
			h.must(h.alice().Expunge(h.Context(), "INBOX", []uint32{last}))
			_, expired := h.pair.Operator().Expire(h.Context(), target.Imap1)
			_, err := h.pair.Operator().Reconstruct(h.Context(), target.Imap1, "alice", "INBOX")
			h.must(errors.Join(expired, err))
			now := inbox(h, h.pair.Serving(), "alice").LastUID
			return unless(now == last, "it was %d and is %d", last, now)
		}},
		{"a server that is resynced has nothing of its old state", canary.OldStateKept, func(h hand) string {
			h.lose()
			m, _ := h.replicated().Mailbox("INBOX")
			return unless(len(m.Records) == 0, "it has %d messages that the master never had", len(m.Records))
		}},
		{"roles are swapped once all has been sent", canary.SwappedUndrained, func(h hand) string {
			h.append("INBOX", "a")
			_, err := h.pair.Operator().SwapRoles(h.Context())
			h.must(err)
			n := len(h.records("INBOX"))
			return unless(n == 1, "the new master has %d messages of one", n)
		}},
	}
}

// The model keeps its promises, and each test would notice if it did not.
func TestPromises(t *testing.T) {
	for _, p := range promises() {
		t.Run(p.name, func(t *testing.T) {
			on := func(planted canary.Planted) hand {
				pair, err := sim.WithBug(planted).NewPair(t.Context(), target.Spec{Seed: 1, Accounts: []string{"alice", "bob"}})
				if err != nil {
					t.Fatal(err)
				}
				return hand{t, pair}
			}
			if broken := p.broken(on(canary.Planted{})); broken != "" {
				t.Error(broken)
			}
			if p.broken(on(canary.Plant(t, p.bug))) == "" {
				t.Error("the bug because of which it would be broken goes unnoticed")
			}
		})
	}
}

// A message that replication, or somebody else, has taken away is not copied, and the
// server says OK all the same: it names nothing that it has copied (RFC 9051, 6.4.9).
func TestACopyOfWhatIsGoneIsNoPromise(t *testing.T) {
	p := newPair(t, 1)
	deliver(t, p.Serving(), "alice", "one")
	session := login(t, p.Serving(), "alice")
	if err := session.CreateMailbox(t.Context(), "INBOX/A"); err != nil {
		t.Fatal(err)
	}
	var untold *target.UntoldCopyError
	if err := session.Copy(t.Context(), "INBOX", []uint32{1}, "INBOX/A"); err != nil {
		t.Errorf("a message that is there: %v", err)
	}
	if err := session.Copy(t.Context(), "INBOX", []uint32{2}, "INBOX/A"); !errors.As(err, &untold) {
		t.Errorf("COPY of none: %v", err)
	}
	if err := session.Move(t.Context(), "INBOX", []uint32{2}, "INBOX/A"); !errors.As(err, &untold) || target.OutcomeOf(err) != target.InDoubt {
		t.Errorf("MOVE of none: %v", err)
	}
}

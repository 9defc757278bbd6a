package property_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/traffic"
)

// Real servers keep every promise of users who do everything that users do;
// and what is changed behind the ledger's back is seen.
func TestAllPropertiesOnRealServers(t *testing.T) {
	accounts := []string{"alice", "bob"}
	p := cyrustest.Pair(t, target.Spec{Accounts: accounts})
	ledger := traffic.NewLedger(nil)
	users := traffic.NewUsers(p, ledger, 7)
	if _, err := users.Rules(t.Context(), accounts); err != nil {
		t.Fatal(err)
	}
	if _, err := users.Work(t.Context(), accounts, 60, nil); err != nil {
		t.Fatal(err)
	}
	want := map[string]property.Verdict{"looking-changes-nothing": property.Unknown, "restore-repeatable": property.Unknown}
	for _, each := range property.All() {
		if want[each.Name()] == "" {
			want[each.Name()] = property.Pass
		}
	}
	wantVerdicts(t, whole(t, p, ledger, accounts), want)

	meddle(t, p, ledger)
	want["state-kept"], want["rules-current"], want["no-doubles"] = property.Fail, property.Fail, property.Fail
	scene := whole(t, p, ledger, accounts)
	wantVerdicts(t, scene, want)
	var said []string
	for _, v := range append(property.StateKept{}.Check(scene).Violations, property.RulesCurrent{}.Check(scene).Violations...) {
		said = append(said, v.String())
	}
	for _, words := range []string{"meddled, which nobody gave it", "INBOX/Meddled of alice on imap1: no user has", "its quota should be", "not what its user put last", "mail about lists should be"} {
		if !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, words) }) {
			t.Errorf("nobody says %q:\n%s", words, strings.Join(said, "\n"))
		}
	}
}

// meddle changes what alice has, and tells no ledger.
func meddle(t *testing.T, p target.Pair, ledger *traffic.Ledger) {
	t.Helper()
	user := p.Serving().User()
	session, err := user.Login(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	scripts, err := user.Scripts(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	defer scripts.Close()
	flagged, uid, _ := promisedMessage(t, session, ledger, 0)
	doubled, _, body := promisedMessage(t, session, ledger, 1)
	for i, err := range []error{
		session.SetFlags(t.Context(), flagged, []uint32{uid}, []string{"meddled"}, nil),
		session.CreateMailbox(t.Context(), "INBOX/Meddled"),
		user.SetQuota(t.Context(), "alice", 777_777),
		scripts.Put(t.Context(), traffic.ScriptName, []byte("keep;\r\n")),
	} {
		if err != nil {
			t.Fatalf("meddling %d: %v", i, err)
		}
	}
	if _, _, err := session.Append(t.Context(), doubled, target.AppendMessage{Body: body}); err != nil {
		t.Fatal(err)
	}
}

// promisedMessage finds one of the messages that alice must have, by what she
// sees.
func promisedMessage(t *testing.T, session target.Session, ledger *traffic.Ledger, skip int) (mailbox string, found uint32, bytes []byte) {
	t.Helper()
	for _, m := range ledger.Messages() {
		if m.Account != "alice" || !m.Promised() {
			continue
		}
		if skip--; skip >= 0 {
			continue
		}
		markers, err := session.Header(t.Context(), m.Mailbox, traffic.MarkerField, nil)
		if err != nil {
			t.Fatal(err)
		}
		for uid, marker := range markers {
			if marker == m.Marker {
				err := session.Bodies(t.Context(), m.Mailbox, []uint32{uid}, func(_ uint32, body []byte) error { bytes = body; return nil })
				if err != nil {
					t.Fatal(err)
				}
				return m.Mailbox, uid, bytes
			}
		}
	}
	t.Fatal("alice was promised no message")
	return "", 0, nil
}

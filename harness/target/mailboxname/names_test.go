package mailboxname_test

import (
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

func TestNamesAsCyrusHasThem(t *testing.T) {
	for _, c := range []struct{ account, owner, internal, tool string }{
		{"alice", "INBOX", "user.alice", "user/alice"},
		{"alice", "INBOX/Work/a.b", "user.alice.Work.a^b", "user/alice/Work/a.b"},
		{"alice", "INBOX/Reisen & Büro", "user.alice.Reisen &- B&APw-ro", "user/alice/Reisen &- B&APw-ro"},
		{"alice", "INBOXES", "INBOXES", "INBOXES"},
		{"a.b", "INBOX", "user.a^b", "user/a.b"},
		{"a.b", "INBOX/Work", "user.a^b.Work", "user/a.b/Work"},
		{"alice", "user/bob/Work", "user.bob.Work", "user/bob/Work"},
		{"alice", "user/alicia", "user.alicia", "user/alicia"},
		{"jürgen", "INBOX/A", "user.j&APw-rgen.A", "user/j&APw-rgen/A"},
		{"alice", "INBOX/A/B", "user.alice.A.B", "user/alice/A/B"},
	} {
		if got := mailboxname.Internal(c.account, c.owner); got != c.internal {
			t.Errorf("%s of %s is %q inside, want %q", c.owner, c.account, got, c.internal)
		}
		if got := mailboxname.Tool(c.account, c.owner); got != c.tool {
			t.Errorf("%s of %s is %q for tools, want %q", c.owner, c.account, got, c.tool)
		}
		if got, err := mailboxname.Owner(c.account, c.internal); err != nil || got != c.owner {
			t.Errorf("%s is %q to %s (%v), want %q", c.internal, got, c.account, err, c.owner)
		}
	}
	if name, err := mailboxname.Owner("alice", "user.alice.B&APw"); err == nil {
		t.Errorf("a shift without an end gave %q", name)
	}
}

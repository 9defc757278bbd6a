package hostview

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Of the lines of mailboxes.db those count that are of a mailbox that exists and holds
// mail. The others have unique IDs as well, below which another mailbox's mail may lie.
func TestLookTakesTheMailboxesThatExist(t *testing.T) {
	perl, err := exec.LookPath("perl")
	if err != nil {
		t.Skipf("what looks at files in the container is written in perl: %v", err)
	}
	for what, tc := range map[string]struct{ line, want string }{
		"one in use": {
			"Nuser\x1fcarol\x1fa.b 170\t%(T e I qscgj0t56aqfgm3oyvq44jgj P default V 1795728664 C 1565 F 1592 M 1795728666 A %(carol lrswipkxtecdan))",
			"user\x1fcarol\x1fa.b 170 qscgj0t56aqfgm3oyvq44jgj",
		},
		"one with a unique ID as older versions give them": {
			"Nuser\x1falice\t%(T e I 00000000-0000-4000-8000-0123456789ab P default V 1 C 1 F 1 M 1 A %(alice lrs))",
			"user\x1falice 00000000-0000-4000-8000-0123456789ab",
		},
		"one whose name looks like another's entry": {
			"Nuser\x1fbob\x1fx %(T ed I tzp0hwvwtcxtarqyg9hpx5js\t%(T e I 885i5wywxhnzkoxwt0kqq3s5 P default V 1 C 1 F 1 M 1 A %(bob lrs))",
			"user\x1fbob\x1fx %(T ed I tzp0hwvwtcxtarqyg9hpx5js 885i5wywxhnzkoxwt0kqq3s5",
		},
		"one whose ACL names users as a type and a unique ID are written": {
			"Nuser\x1fbob\x1fx\t%(T ed I 885i5wywxhnzkoxwt0kqq3s5 V 1 C 1 F 1 M 1 A %(T e I tzp0hwvwtcxtarqyg9hpx5js))",
			"",
		},
		"the name that a mailbox had before it was renamed, or deleted": {
			"Nuser\x1fbob\x1fProjekte 4\t%(T ed I o0tzybmfh85vnsftewtw128d V 1795728488 C 5 F 432 M 1795728536)",
			"",
		},
		"a place that only others below need": {"Nuser\x1fbob\x1fx\t%(T ei I o0tzybmfh85vnsftewtw128d V 1 C 1 F 1 M 1)", ""},
		"one on another server":               {"Nuser\x1fbob\x1fx\t%(T er I o0tzybmfh85vnsftewtw128d S other V 1 C 1 F 1 M 1)", ""},
		"a calendar":                          {"Nuser\x1fbob\x1fx\t%(T c I o0tzybmfh85vnsftewtw128d P default V 1 C 1 F 1 M 1 A %(bob lrs))", ""},
		"the one that holds scripts":          {"Nuser\x1fbob\x1f#sieve\t%(T e I o0tzybmfh85vnsftewtw128d P default V 1 C 1 F 1 M 1 A %(bob lrs))", ""},
		"an entry by unique ID": {
			"Itzp0hwvwtcxtarqyg9hpx5js\t%(T e N \"user\x1fcarol\x1fx\" P default V 1 C 1 F 1 M 1 A %(carol lrs) H (%(N \"user\x1fcarol\" M 1 V 1 C 1 F 1 T ed)))",
			"",
		},
	} {
		const said = `while (<STDIN>) { print join("\t", @$_) for entry_of($_) }`
		looking := exec.CommandContext(t.Context(), perl, Debian().perl(lookScript + said)[1:]...)
		looking.Stdin = strings.NewReader(tc.line + "\n")
		got, err := looking.Output()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		want := tc.want
		if at := strings.LastIndex(want, " "); at >= 0 {
			want = want[:at] + "\t" + want[at+1:]
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
}

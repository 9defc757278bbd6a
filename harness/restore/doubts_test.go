package restore_test

import (
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/restore/restoretest"
)

// doubtful is a plan with each sort of doubtful case.
func doubtful() restore.Plan {
	message := func(act restore.Act, mailbox string, uid uint32, guid string) restore.Action {
		return restore.Action{Act: act, Account: "alice", Mailbox: mailbox, From: mailbox, UID: uid, GUID: guid, Doubtful: true, Why: "it may have expired"}
	}
	flags := message(restore.Keep, "INBOX/Work", 9, "f")
	flags.Add = []string{`\Seen`}
	certain := message(restore.Copy, "INBOX", 4, "certain")
	certain.Doubtful = false
	return restore.Plan{Restorer: "r", Actions: []restore.Action{
		message(restore.Copy, "INBOX", 1, "a"), message(restore.Copy, "INBOX/Work", 2, "b"), message(restore.Keep, "INBOX", 3, "c"), flags, certain,
		{Act: restore.Copy, Account: "bob", Mailbox: "INBOX", From: "INBOX", UID: 1, GUID: "z", Why: "it is missing"},
	}}
}

func TestPolicies(t *testing.T) {
	for policy, want := range map[restore.Policy]int{"": 4, restore.PolicyRestore: 4, restore.PolicyAsk: 2, restore.PolicySkip: 2} {
		plan, err := doubtful().Under(policy)
		if err != nil {
			t.Fatal(err)
		}
		if got := plan.Count(restore.Copy); got != want {
			t.Errorf("%s: %d are copied, want %d", policy, got, want)
		}
		if got := len(plan.Doubts()); got != 1 {
			t.Errorf("%s: %d accounts have doubtful cases, want alice alone", policy, got)
		}
	}
	if _, err := doubtful().Under("guess"); err == nil || err.Error() != `unknown policy "guess"; known: restore ask skip` {
		t.Error(err)
	}
	if _, err := doubtful().Under(restore.PolicySkip); err != nil || doubtful().Actions[0].Act != restore.Copy {
		t.Error("the plan itself was changed")
	}
}

func TestLetters(t *testing.T) {
	for policy, want := range map[restore.Policy][]string{
		restore.PolicyRestore: {"\n2 messages (1 in INBOX, 1 in Work) you may have deleted, or we may have lost. We have put them back: better twice than not at all. Delete them if you do not want them.\n"},
		restore.PolicyAsk:     {"We have not put them back yet. We still have them: please tell us whether you want them.\n"},
		restore.PolicySkip:    {"We have not put them back. We still have them: tell us if you miss them.\n"},
	} {
		plan, err := doubtful().Under(policy)
		if err != nil {
			t.Fatal(err)
		}
		letter := plan.Doubts()[0].Letter()
		for _, part := range append(want,
			"\n1 message (in INBOX) you may have deleted. We have left it where it was. Delete it if you do not want it.\n",
			"\n1 message (in Work) you had copied or moved, and we could not tell how you had marked the original. We have left it as it was. Please look whether it is marked as you want it.\n") {
			if !strings.Contains(letter, part) {
				t.Errorf("%s: it lacks %q:\n%s", policy, part, letter)
			}
		}
	}
}

// Whoever is to be asked is on the list, and nobody else.
func TestQuestions(t *testing.T) {
	for policy, want := range map[restore.Policy]string{
		restore.PolicyRestore: "",
		restore.PolicyAsk:     "alice\tINBOX\t1\ta\tits user has to be asked; it may have expired\nalice\tINBOX/Work\t2\tb\tits user has to be asked; it may have expired\n",
	} {
		plan, err := doubtful().Under(policy)
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := plan.WriteQuestions(&out); err != nil || out.String() != want {
			t.Errorf("%s: %q, %v", policy, out.String(), err)
		}
	}
}

// Each doubtful case of an incident is in a letter, whatever the policy, and under none
// is anything removed for it.
func TestEveryDoubtIsTold(t *testing.T) {
	plan := restoretest.Make(t, restoretest.Usual(1)).Plan(t)
	cases := 0
	for _, a := range plan.Actions {
		if a.Doubtful {
			cases++
			if a.Act != restore.Copy && a.Act != restore.Keep {
				t.Errorf("it is done without being sure: %s", a)
			}
		}
	}
	if cases == 0 {
		t.Fatal("there are no doubtful cases")
	}
	for _, policy := range restore.Policies() {
		settled, err := plan.Under(policy)
		if err != nil {
			t.Fatal(err)
		}
		told := 0
		for _, d := range settled.Doubts() {
			told += len(d.Messages) + len(d.Flags)
		}
		if told != cases {
			t.Errorf("%s: %d of %d cases are told", policy, told, cases)
		}
	}
}

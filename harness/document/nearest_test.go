package document

import "testing"

func TestNearest(t *testing.T) {
	known := []string{"replication-stopped", "process-killed", "INBOX", "to", "no-loss"}
	for word, want := range map[string]string{
		"proces-killed":       "process-killed",
		"process_killed":      "process-killed",
		"porcess-killed":      "process-killed",
		"PROCESS-KILLED":      "process-killed",
		"killed":              "process-killed",
		"replication":         "replication-stopped",
		"inbox":               "INBOX",
		"too":                 "to",
		"noloss":              "no-loss",
		"os":                  "",
		"disk-full":           "",
		"":                    "",
		"replication-started": "replication-stopped",
	} {
		got, ok := Nearest(word, known)
		if got != want || ok != (want != "") {
			t.Errorf("Nearest(%q) = %q, %v, want %q", word, got, ok, want)
		}
	}
}

func TestEditDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0}, {"abc", "abd", 1},
		{"abc", "acb", 1}, {"abc", "ab", 1}, {"abc", "xabc", 1}, {"kitten", "sitting", 3}, {"é", "e", 1},
	} {
		if got := editDistance(test.a, test.b); got != test.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", test.a, test.b, got, test.want)
		}
	}
}

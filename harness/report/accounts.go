package report

import (
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/drill"
)

// accountsInWords sums up what became of the accounts, and tells of those that
// are not as they were promised what their users can be told.
func accountsInWords(result *drill.Result) []string {
	if len(result.Accounts) == 0 {
		return nil
	}
	counts := map[drill.AccountState]int{}
	var lines []string
	const shown = 5
	for _, a := range result.Accounts {
		counts[a.State]++
		if a.State == drill.Harmed && counts[drill.Harmed] <= shown {
			lines = append(lines, fmt.Sprintf("to %s: %s", a.Account, strings.Join(a.Words, " ")))
		}
	}
	var parts []string
	for _, state := range []drill.AccountState{drill.Untouched, drill.Restored, drill.Harmed, drill.NotKnown} {
		if counts[state] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[state], state))
		}
	}
	head := fmt.Sprintf("%d in all: %s", len(result.Accounts), strings.Join(parts, ", "))
	switch {
	case counts[drill.Harmed] > shown:
		lines = append(lines, fmt.Sprintf("… and %d more, in the results", counts[drill.Harmed]-shown))
	case counts[drill.Harmed]+counts[drill.NotKnown] == 0:
		head += "; nobody misses anything"
	}
	return append([]string{head}, lines...)
}

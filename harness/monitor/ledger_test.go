package monitor

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// noon is when the first round of a test ends. Each next one does a minute later.
var noon = time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC)

var (
	stopped = detect.Finding{Detector: "monitor", Kind: target.ReplicationStopped, Place: target.Place{Server: "imap1"}, Evidence: "no sync_client runs"}
	down    = detect.Finding{Detector: "monitor", Kind: target.ServerDown, Place: target.Place{Server: "imap2"}, Evidence: "nobody is there"}
	full    = detect.Finding{Detector: "health", Kind: target.DiskFull, Place: target.Place{Server: "imap2"}, Evidence: "0 bytes"}
	masters = detect.Finding{Detector: "health", Kind: target.DiskFull, Place: target.Place{Server: "imap1"}, Evidence: "0 bytes"}
	blind   = detect.Finding{Detector: "health", Kind: CheckFailed, Place: target.Place{Server: "imap2"}, Evidence: "health could not look"}
	clocks  = detect.Finding{Detector: "health", Kind: target.ClockWrong, Place: target.Place{Server: "imap2"}}
)

func behind(account string) detect.Finding {
	return detect.Finding{Detector: "monitor", Kind: target.ReplicaBehind, Place: target.Place{Server: "imap2", Account: account}, Right: "imap1"}
}

func differs(account string) detect.Finding {
	return detect.Finding{Detector: "status-compare", Kind: target.LastUIDDiffers, Place: target.Place{Server: "imap2", Account: account}, Right: "imap1"}
}

// showing is a round in which all checks were done.
func showing(found ...detect.Finding) Round {
	r := Round{Findings: found}
	for _, name := range []string{"monitor", "health", "log-watch", "crash-watch", "status-compare", "list-compare", "lag"} {
		r.Checks = append(r.Checks, Check{Name: name, Outcome: Done})
	}
	return r
}

// but changes what became of a check.
func (r Round) but(name string, change func(*Check)) Round {
	r.Checks = slices.Clone(r.Checks)
	for i := range r.Checks {
		if r.Checks[i].Name == name {
			change(&r.Checks[i])
		}
	}
	return r
}

func failed(c *Check) { c.Outcome = Failed }
func waits(c *Check)  { c.Outcome = Waits }

func times(n int, r Round) []Round { return slices.Repeat([]Round{r}, n) }

// told are the notices of rounds, as "minute what kind server count".
func told(policy Policy, rounds []Round) (all []string) {
	if policy.Maintained == nil {
		policy.Maintained = func(target.ServerName, time.Time) (string, bool) { return "", false }
	}
	l := NewLedger(policy)
	for i, r := range rounds {
		for _, n := range l.Round(noon.Add(time.Duration(i)*time.Minute), r) {
			all = append(all, strings.TrimSuffix(fmt.Sprintf("%d %s %s %s %d", i, n.What, n.Kind, n.Server, n.Count), " 0"))
		}
	}
	return all
}

// work is maintenance of imap2 between two minutes.
func work(from, to int) func(target.ServerName, time.Time) (string, bool) {
	return func(server target.ServerName, now time.Time) (string, bool) {
		at := now.Sub(noon)
		return "a new kernel", server == "imap2" && at >= time.Duration(from)*time.Minute && at < time.Duration(to)*time.Minute
	}
}

func TestLedger(t *testing.T) {
	well := showing()
	five := Policy{For: Hold{Time: 5 * time.Minute}}
	three := Policy{For: Hold{Rounds: 3}}
	for _, test := range []struct {
		name   string
		policy Policy
		rounds [][]Round
		want   []string
	}{
		{"what stands is told once, after its time", five, [][]Round{times(60, showing(stopped))}, []string{"5 raised replication-stopped imap1 1"}},
		{"and after its rounds", three, [][]Round{times(60, showing(stopped))}, []string{"2 raised replication-stopped imap1 1"}},
		{"at once where nothing is held back", Policy{}, [][]Round{times(3, showing(stopped)), times(3, well)}, []string{"0 raised replication-stopped imap1 1", "3 cleared replication-stopped imap1"}},
		{"and again, now and then", Policy{For: Hold{Time: 5 * time.Minute}, Again: 20 * time.Minute}, [][]Round{times(50, showing(stopped))}, []string{"5 raised replication-stopped imap1 1", "25 again replication-stopped imap1 1", "45 again replication-stopped imap1 1"}},
		{"that it has gone is told once, after its time", five, [][]Round{times(6, showing(stopped)), times(60, well)}, []string{"5 raised replication-stopped imap1 1", "11 cleared replication-stopped imap1"}},
		{"and after its rounds", three, [][]Round{times(6, showing(stopped)), times(60, well)}, []string{"2 raised replication-stopped imap1 1", "8 cleared replication-stopped imap1"}},
		{"what heals is not told", five, slices.Repeat([][]Round{times(5, showing(behind("alice"))), times(1, well)}, 20), nil},
		{"nor is what heals of one after the other", five, slices.Repeat([][]Round{times(4, showing(behind("alice"))), times(4, showing(behind("bob")))}, 20), nil},
		{"what comes back before it was gone for long is no news", five, [][]Round{times(6, showing(stopped)), times(4, well), times(6, showing(stopped)), times(4, well), times(6, showing(stopped))}, []string{"5 raised replication-stopped imap1 1"}},
		{"what comes back after that is", three, slices.Repeat([][]Round{times(4, showing(stopped)), times(4, well)}, 2), []string{
			"2 raised replication-stopped imap1 1", "6 cleared replication-stopped imap1", "10 raised replication-stopped imap1 1", "14 cleared replication-stopped imap1",
		}},
		{"many of a kind on a server are told at once", three, [][]Round{times(2, showing(behind("alice"), behind("bob"), behind("carol"))), times(9, showing(behind("alice"), behind("bob"), behind("carol"), behind("dave")))}, []string{"2 raised replica-behind imap2 3"}},
		{"kinds are told one by one, and servers", three, [][]Round{times(9, showing(full, masters, clocks))}, []string{"2 raised clock-wrong imap2 1", "2 raised disk-full imap1 1", "2 raised disk-full imap2 1"}},

		{"lag that has a cause is that", three, [][]Round{times(30, showing(stopped, behind("alice")))}, []string{"2 raised replication-stopped imap1 1"}},
		{"lag that heals once its cause has gone", three, [][]Round{times(30, showing(stopped, behind("alice"))), times(2, showing(behind("alice"))), times(9, well)}, []string{"2 raised replication-stopped imap1 1", "32 cleared replication-stopped imap1"}},
		{"lag that does not", three, [][]Round{times(30, showing(stopped, behind("alice"))), times(9, showing(behind("alice")))}, []string{"2 raised replication-stopped imap1 1", "32 raised replica-behind imap2 1", "32 cleared replication-stopped imap1"}},
		{"lag that was told before its cause", three, [][]Round{times(4, showing(behind("alice"))), times(9, showing(stopped, behind("alice"))), times(5, well)}, []string{"2 raised replica-behind imap2 1", "6 raised replication-stopped imap1 1", "15 cleared replica-behind imap2", "15 cleared replication-stopped imap1"}},
		{"a difference that is followed by lag", three, [][]Round{times(2, showing(differs("alice"))), times(30, showing(behind("alice")).but("status-compare", waits)), times(2, showing(differs("alice"))), times(3, well)}, []string{"4 raised replica-behind imap2 1", "34 cleared replica-behind imap2"}},

		{"what nobody looked for has not gone", three, [][]Round{times(4, showing(full)), times(30, well.but("health", failed)), times(4, showing(full))}, []string{"2 raised disk-full imap2 1"}},
		{"nor has replication come back when a server dies", three, [][]Round{times(4, showing(stopped)), times(9, showing(down)), times(9, showing(stopped))}, []string{
			"2 raised replication-stopped imap1 1", "6 raised server-down imap2 1", "15 cleared server-down imap2",
		}},
		{"nor has a dead server's disk room again", three, [][]Round{times(4, showing(full)), times(9, showing(down))}, []string{"2 raised disk-full imap2 1", "6 raised server-down imap2 1"}},
		{"nor do clocks agree where one was looked at", three, [][]Round{times(4, showing(clocks)), times(9, well.but("health", func(c *Check) { c.Server = "imap2" }))}, []string{"2 raised clock-wrong imap2 1"}},
		{"nor has an account that was not looked at", three, [][]Round{times(4, showing(differs("alice"))), times(9, well.but("status-compare", func(c *Check) { c.Accounts = []string{"bob"} }))}, []string{"2 raised last-uid-differs imap2 1"}},
		{"a check that fails is told", three, [][]Round{times(4, showing(blind).but("health", failed)), times(9, well)}, []string{"2 raised check-failed imap2 1", "6 cleared check-failed imap2"}},
		{"unless it does for a dead server", three, [][]Round{times(9, showing(down, blind).but("health", failed))}, []string{"2 raised server-down imap2 1"}},

		{"amid work nobody is told but the log, once", Policy{For: Hold{Rounds: 3}, Again: time.Minute, Maintained: work(0, 60)}, [][]Round{times(30, showing(down)), times(9, well)}, []string{"0 suppressed server-down imap2 1"}},
		{"of the other server they are", Policy{For: Hold{Rounds: 3}, Maintained: work(0, 60)}, [][]Round{times(30, showing(full, masters, stopped))}, []string{"0 suppressed disk-full imap2 1", "2 raised disk-full imap1 1", "2 raised replication-stopped imap1 1"}},
		{"what outlasts the work is told, after its time from then", Policy{For: Hold{Rounds: 3}, Maintained: work(0, 10)}, [][]Round{times(30, showing(down))}, []string{"0 suppressed server-down imap2 1", "12 raised server-down imap2 1"}},
		{"the same by time", Policy{For: Hold{Time: 5 * time.Minute}, Maintained: work(0, 10)}, [][]Round{times(30, showing(down))}, []string{"0 suppressed server-down imap2 1", "14 raised server-down imap2 1"}},
		{"what was told before is not told again amid work", Policy{For: Hold{Rounds: 3}, Again: 4 * time.Minute, Maintained: work(5, 20)}, [][]Round{times(24, showing(down))}, []string{"2 raised server-down imap2 1", "20 again server-down imap2 1"}},
		{"but that it has gone is", Policy{For: Hold{Rounds: 3}, Maintained: work(5, 60)}, [][]Round{times(6, showing(down)), times(9, well)}, []string{"2 raised server-down imap2 1", "8 cleared server-down imap2"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, told(test.policy, slices.Concat(test.rounds...))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNoticeSaysItInOneLine(t *testing.T) {
	l := NewLedger(Policy{For: Hold{Time: time.Minute}, Maintained: work(3, 5)})
	var got []string
	long := differs("bob")
	long.Evidence = "NO\r\n\x00" + strings.Repeat("é", 2*mostEvidence)
	for i, r := range []Round{showing(stopped), showing(stopped, long, differs("alice")), showing(long, differs("alice")), showing(full)} {
		for _, n := range l.Round(noon.Add(time.Duration(i)*time.Minute), r) {
			got = append(got, n.Text)
			for _, f := range n.Findings {
				if len([]rune(f.Evidence)) > mostEvidence+1 {
					t.Errorf("%d bytes of evidence", len(f.Evidence))
				}
			}
		}
	}
	want := []string{
		"raised: replication-stopped on imap1, for 1m0s: no sync_client runs",
		"raised: last-uid-differs on imap2, 2 findings, for 1m0s: alice on imap2: ",
		"suppressed: disk-full on imap2 (maintenance: a new kernel): 0 bytes",
		"cleared: replication-stopped on imap1, after 3m0s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestHoldIsRead(t *testing.T) {
	for text, want := range map[string]string{"5m": "{5m0s 0}", "3": "{0s 3}", "0s": "{0s 0}", "0": "", "-1": "", "-5m": "", "soon": "", "": ""} {
		var h Hold
		err := h.UnmarshalText([]byte(text))
		if (err == nil) != (want != "") || err == nil && fmt.Sprint(h) != want {
			t.Errorf("%q is %v, %v", text, h, err)
		}
	}
}

func TestRotationSeesEverybodyAndSuspectsEachTime(t *testing.T) {
	var all []string
	for i := range 100 {
		all = append(all, fmt.Sprintf("user%02d", i))
	}
	suspects := []string{"gone", "user07", "user99"}
	r := rotation{most: 10}
	seen := map[string]int{}
	for range 13 { // eight others each time
		next := r.next(all, suspects)
		if len(next) != 10 || !slices.IsSorted(next) {
			t.Fatalf("whose turn it is: %q", next)
		}
		for _, name := range next {
			seen[name]++
		}
	}
	if len(seen) != 100 || seen["user07"] != 13 || seen["user99"] != 13 || seen["gone"] != 0 {
		t.Errorf("%d of 100 were seen; %d times user07", len(seen), seen["user07"])
	}
	if next := r.next(all, all); len(next) != 10 {
		t.Errorf("where all are suspects: %q", next)
	}
	if next := (&rotation{}).next(all, nil); len(next) != 100 {
		t.Errorf("without a bound: %d", len(next))
	}
	if next := (&rotation{most: 3}).next(nil, suspects); len(next) != 0 {
		t.Errorf("of nobody: %q", next)
	}
}

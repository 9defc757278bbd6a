package scenarios_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/conform"
	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

var everyStock = flag.Bool("every-stock", false, "compare the stock tools with cyrdrill in every situation of docs/restore.md; without it, in a handful")

// stockRow is a situation, what a stock tool does in it, and what cyrdrill does in the
// same. Both are really done, on a pair that is reset in between.
type stockRow struct {
	situation   string // as docs/restore.md calls it
	facts       []string
	inCI        bool
	comesAbout  string // steps, as of package conform
	stock, ours func(*desk)
	// What is done, in the words of docs/restore.md.
	stockSays, oursSays string
}

func stockRows() []stockRow { return slices.Concat(stockRepairs(), stockTools()) }

// What docs/restore.md says of the stock tools and of cyrdrill is what they do.
func TestStockToolsBesideCyrdrill(t *testing.T) {
	cyrustest.Need(t)
	pair := cyrustest.Pair(t, target.Spec{Accounts: conform.Accounts()})
	for _, row := range stockRows() {
		t.Run(row.situation, func(t *testing.T) {
			if !row.inCI && !*everyStock {
				t.Skip("asked for by -every-stock, as `make faults` does")
			}
			for _, column := range []struct {
				name string
				does func(*desk)
			}{{"stock", row.stock}, {"cyrdrill", row.ours}} {
				t.Run(column.name, func(t *testing.T) {
					if err := pair.Reset(t.Context(), conform.Accounts()); err != nil {
						t.Fatal(err)
					}
					d := &desk{T: t, pair: pair}
					d.plan(row.comesAbout)
					column.does(d)
				})
			}
		})
	}
}

// The table in docs/restore.md is that of the test, and has all that docs/cyrus.md tells
// of repairs that destroy and of tools that say all is well.
func TestDocumentationHasTheStockTools(t *testing.T) {
	text, err := os.ReadFile("../docs/restore.md")
	if err != nil {
		t.Fatal(err)
	}
	facts := map[string]bool{}
	for _, row := range stockRows() {
		if line := fmt.Sprintf("\n| %s | %s | %s |\n", row.situation, row.stockSays, row.oursSays); !strings.Contains(string(text), line) {
			t.Errorf("docs/restore.md has no row%s", line)
		}
		for _, fact := range row.facts {
			facts[fact] = true
		}
	}
	_, table, found := strings.Cut(string(text), "\n| situation | stock tools | cyrdrill |\n|---|---|---|\n")
	if table, _, _ = strings.Cut(table, "\n\n"); !found || strings.Count(table, "\n")+1 != len(stockRows()) {
		t.Errorf("the table has %d rows, and the test %d", strings.Count(table, "\n")+1, len(stockRows()))
	}
	known, err := os.ReadFile("../docs/cyrus.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, heading := range []string{"\n## Repairs that destroy\n", "\n## Tools that say all is well\n"} {
		_, section, _ := strings.Cut(string(known), heading)
		section, _, _ = strings.Cut(section, "\n## ")
		items := strings.Split(section, "\n- **")[1:]
		if len(items) == 0 {
			t.Errorf("docs/cyrus.md says nothing under %q", heading)
		}
		for _, item := range items {
			fact, _, _ := strings.Cut(item, "**")
			if fact = strings.TrimRight(fact, "."); !facts[fact] {
				t.Errorf("no row is about %q", fact)
			}
			delete(facts, fact)
		}
	}
	for _, fact := range slices.Sorted(maps.Keys(facts)) {
		t.Errorf("docs/cyrus.md does not tell of %q", fact)
	}
}

// desk is where one column of a row is worked at.
type desk struct {
	*testing.T
	pair target.Pair
}

// plan carries out steps, and wants what they promise.
func (d *desk) plan(steps string) {
	d.Helper()
	p, err := conform.Parse([]byte("steps:\n" + steps))
	if err != nil {
		d.Fatal(err)
	}
	trace, err := conform.Run(d.Context(), d.pair, p)
	if err != nil {
		d.Fatal(err)
	}
	for _, line := range conform.Unmet(trace) {
		d.Errorf("not so: %s", line)
	}
}

// tool runs a stock tool on a server's machine, and returns what it said and its exit
// status.
func (d *desk) tool(on target.ServerName, words ...string) (said string, status int) {
	d.Helper()
	ctx, cancel := context.WithTimeout(d.Context(), time.Minute)
	defer cancel()
	prefix := d.pair.(target.Machines).OnMachine(on)
	command := exec.CommandContext(ctx, prefix[0], append(prefix[1:], words...)...)
	out, err := command.CombinedOutput()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		d.Fatalf("%s: %v", strings.Join(words, " "), err)
	}
	d.Logf("%s: exit %d: %s", strings.Join(words, " "), command.ProcessState.ExitCode(), out)
	return string(out), command.ProcessState.ExitCode()
}

// scene is what a restore on a server works with.
func (d *desk) scene(on target.ServerName) restore.Scene {
	return restore.Scene{
		Serving: d.pair.Server(on), Accounts: conform.Accounts(), Operator: d.pair.Operator(),
		Executor: d.pair.Executor(), Clock: d.pair.Clock(), Role: d.pair.Role,
	}
}

// refused wants that something was not begun, for it could do harm.
func (d *desk) refused(err error, words string) {
	d.Helper()
	var unsafe *restore.UnsafeError
	if !errors.As(err, &unsafe) || !strings.Contains(err.Error(), words) {
		d.Errorf("%v; want a refusal with %q", err, words)
	}
}

// refusesToRebuild wants that cyrdrill does not reconstruct an INBOX on a server.
func (d *desk) refusesToRebuild(on target.ServerName) {
	d.Helper()
	plan := restore.Plan{Restorer: "rebuild-mailboxes", Actions: []restore.Action{{Act: restore.Reconstruct, Account: "alice", Mailbox: "INBOX"}}}
	_, err := restore.Apply(d.Context(), d.scene(on), plan, restore.Options{})
	d.refused(err, "what a reconstruct loses of INBOX of alice")
}

// sendsAnew empties alice's account on a server that does not serve, and has the one
// that does send it.
func (d *desk) sendsAnew(on target.ServerName) {
	d.Helper()
	if err := restore.ResetUser(d.Context(), d.scene(on.Other()), on, "alice"); err != nil {
		d.Fatal(err)
	}
	if status, err := d.pair.Operator().SyncUser(d.Context(), on.Other(), "alice"); status != 0 || err != nil {
		d.Fatalf("sending alice anew: exit %d, %v", status, err)
	}
}

// snapshot is alice's account on a server, to the body.
func (d *desk) snapshot(on target.ServerName) target.Snapshot {
	d.Helper()
	snap, err := target.TakeSnapshot(d.Context(), d.pair.Server(on), "alice", target.LevelBody)
	if err != nil {
		d.Fatal(err)
	}
	return snap
}

// record is a message of alice's INBOX on a server, or its tombstone.
func (d *desk) record(on target.ServerName, uid uint32) (target.Record, bool) {
	d.Helper()
	inbox, err := d.pair.Server(on).Index().Mailbox(d.Context(), "alice", "INBOX")
	if err != nil {
		d.Fatal(err)
	}
	i := slices.IndexFunc(inbox.Records, func(r target.Record) bool { return r.UID == uid })
	if i < 0 {
		return target.Record{}, false
	}
	return inbox.Records[i], true
}

// unchanged wants that alice's account on a server is as it was.
func (d *desk) unchanged(before target.Snapshot) {
	d.Helper()
	for _, difference := range target.Diff(before, d.snapshot(before.Server)) {
		d.Errorf("%s has changed: %v", before.Server, difference)
	}
}

// equal says whether both sides are equal to the body, and a fresh message arrives.
func (d *desk) equal() property.Verdict {
	d.Helper()
	sides, err := property.ReadSides(d.Context(), d.pair, conform.Accounts())
	if err != nil {
		d.Fatal(err)
	}
	crossing, err := property.Cross(d.Context(), d.pair, "bob")
	if err != nil {
		d.Fatal(err)
	}
	result := property.Convergence{}.Check(property.Scene{Sides: sides, Crossings: []property.Crossing{crossing}})
	for _, v := range result.Violations {
		d.Logf("not equal: %s", v)
	}
	return result.Verdict
}

func (d *desk) wantEqual() {
	d.Helper()
	if verdict := d.equal(); verdict != property.Pass {
		d.Errorf("that both sides are equal: %s", verdict)
	}
}

// files are a server's data, by path.
func (d *desk) files(on target.ServerName) map[string]string {
	d.Helper()
	files, err := d.pair.Server(on).Host().DataFiles(d.Context())
	if err != nil {
		d.Fatal(err)
	}
	return files
}

// imap says a command to a server as alice, and returns the first line of its answer.
func (d *desk) imap(on target.ServerName, command string) string {
	d.Helper()
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(d.Context(), "tcp", d.pair.(target.Addressed).Addresses()[on]["imap"])
	if err != nil {
		d.Fatal(err)
	}
	defer conn.Close() // it was only read from
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		d.Fatal(err)
	}
	answers := bufio.NewScanner(conn)
	credentials := base64.StdEncoding.EncodeToString([]byte("alice\x00" + docker.AdminUser + "\x00" + docker.AdminPassword))
	for _, line := range []string{"", "a AUTHENTICATE PLAIN " + credentials, "b " + command} {
		if line != "" {
			fmt.Fprintf(conn, "%s\r\n", line)
		}
		if !answers.Scan() {
			d.Fatalf("%s: no answer: %v", command, answers.Err())
		}
	}
	return answers.Text()
}

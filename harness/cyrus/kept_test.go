package cyrus

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

// clientPause are the options of a pause: none.
var clientPause client.ContainerPauseOptions

// Of several kept pairs none is removed by guess: it may be somebody else's.
func TestWhichKeptPairIsMeant(t *testing.T) {
	several := []Kept{{Name: "a"}, {Name: "b"}}
	for _, tc := range []struct {
		kept       []Kept
		name, want string // the pair, or what is said
	}{
		{several, "b", "b"},
		{several[:1], "", "a"},
		{several, "", "2 pairs are kept; to mend it: name one of a, b"},
		{several, "c", `no kept pair is called "c"; to mend it: name one of a, b`},
		{nil, "", "no pair is kept; to mend it: cyrdrill up"},
	} {
		got, err := oneOf(tc.kept, tc.name)
		if said := got.Name; said != tc.want && (err == nil || err.Error() != tc.want) {
			t.Errorf("%q of %d: %q, %v", tc.name, len(tc.kept), said, err)
		}
	}
}

func TestKeptPairStaysUntilItIsTakenDown(t *testing.T) {
	needDocker(t)
	made, err := New().NewPair(t.Context(), target.Spec{Accounts: accounts, RepeatInterval: time.Second, Keep: true})
	if err != nil {
		t.Fatal(err)
	}
	name := made.(*Pair).Name()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), removeWithin)
		defer cancel()
		_, _ = Down(ctx, name) // gone already, where the test has passed
	})
	if err := made.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := Sweep(t.Context()); err != nil { // must not touch it
		t.Fatal(err)
	}
	kept, err := ListKept(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(kept, func(k Kept) bool { return k.Name == name })
	if i < 0 || len(kept[i].Servers) != 2 || kept[i].Servers[0].Addresses[view.IMAP] == "" {
		t.Fatalf("%s is not among the kept: %+v", name, kept)
	}

	p, err := Attach(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Reset(t.Context(), accounts); err != nil {
		t.Fatal(err)
	}
	wantNew(t, p)
	if p.interval != time.Second {
		t.Errorf("the repeat interval is %s after attaching, want 1s", p.interval)
	}
	if err := p.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	shell, err := Shell(t.Context(), name, target.Imap2, true)
	if err != nil || !slices.Equal(shell[:2], []string{"docker", "exec"}) {
		t.Errorf("%v, %v", shell, err)
	}
	if n, err := Down(t.Context(), name); err != nil || n != 1 {
		t.Errorf("took %d pairs down, %v", n, err)
	}
	var setup *target.SetupError
	if _, err := Attach(t.Context(), name); !errors.As(err, &setup) {
		t.Errorf("attaching to what is gone: %v", err)
	}
	wantNothingLeft(t, labelPair+"="+name)
}

// beKilled is the other process of the tests below: a harness that has a pair
// and does not live to give it back.
func beKilled() int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pair, err := New().NewPair(ctx, target.Spec{Accounts: accounts})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(pair.(*Pair).Name())
	<-ctx.Done()
	return 1
}

// startChild starts that process and returns it with its pair's name.
func startChild(t *testing.T) (child *exec.Cmd, pair string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child = exec.Command(self)
	child.Env = append(os.Environ(), childVariable+"=1")
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		rest, _ := io.ReadAll(out)
		t.Fatalf("the child has made no pair: %v %s", err, rest)
	}
	return child, strings.TrimSpace(line)
}

func TestKilledHarnessLeavesNothing(t *testing.T) {
	needDocker(t)
	child, pair := startChild(t)
	wantSomething(t, labelPair+"="+pair)
	session := sessionOf(t, pair)
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // killed
	wantNothingLeft(t, labelPair+"="+pair)
	wantNothingLeft(t, labelReaper+"="+session) // nor the reaper itself
}

// Sweep must tell the living from the dead: here the reaper is killed as well.
func TestSweepTakesWhatTheDeadHaveLeftAndNothingElse(t *testing.T) {
	needDocker(t)
	child, pair := startChild(t)
	if _, err := Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantSomething(t, labelPair+"="+pair) // its harness lives

	e, err := connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.remove(t.Context(), client.Filters{}.Add("label", labelReaper+"="+sessionOf(t, pair))); err != nil {
		t.Fatal(err)
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	if n, err := Sweep(t.Context()); err != nil || n < 4 {
		t.Errorf("swept %d things, %v; want two containers and two networks", n, err)
	}
	wantNothingLeft(t, labelPair+"="+pair)
}

func sessionOf(t *testing.T, pair string) string {
	t.Helper()
	e, err := connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	found, err := e.ContainerList(t.Context(), client.ContainerListOptions{Filters: client.Filters{}.Add("label", labelPair+"="+pair)})
	if err != nil || len(found.Items) == 0 {
		t.Fatalf("the containers of %s: %v, %v", pair, found.Items, err)
	}
	return found.Items[0].Labels[labelSession]
}

// count returns how many containers and networks carry a label.
func count(ctx context.Context, t *testing.T, label string) int {
	t.Helper()
	e, err := connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	which := client.Filters{}.Add("label", label)
	containers, err := e.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: which})
	if err != nil {
		t.Fatal(err)
	}
	networks, err := e.NetworkList(ctx, client.NetworkListOptions{Filters: which})
	if err != nil {
		t.Fatal(err)
	}
	return len(containers.Items) + len(networks.Items)
}

func wantSomething(t *testing.T, label string) {
	t.Helper()
	if n := count(t.Context(), t, label); n < 4 {
		t.Fatalf("%d containers and networks with %s, want two and two", n, label)
	}
}

// wantNothingLeft waits until nothing carries the label, at most 20 s.
func wantNothingLeft(t *testing.T, label string) {
	t.Helper()
	err := target.WaitUntil(t.Context(), realTime{}, 20*time.Second, "everything with "+label+" to go", func(ctx context.Context) (bool, string, error) {
		n := count(ctx, t, label)
		return n == 0, fmt.Sprintf("%d left", n), nil
	})
	if err != nil {
		t.Error(err)
	}
}

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fakeEngine is the part of a Docker engine that the reaper uses. Things are
// removed for good; a network is refused while a container carries its name
// in the label "on", as a real engine refuses a network in use.
type fakeEngine struct {
	mu     sync.Mutex
	things map[string][]thing // by "containers", "networks", "volumes"
	stuck  map[string]bool    // ids that cannot be removed
}

// start serves the engine on a unix socket.
func (f *fakeEngine) start(t *testing.T) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "docker.sock")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containers/json", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("all") != "1" {
			http.Error(w, "stopped containers were left out", http.StatusBadRequest)
			return
		}
		json.NewEncoder(w).Encode(f.list("containers", r))
	})
	mux.HandleFunc("GET /networks", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(f.list("networks", r))
	})
	mux.HandleFunc("GET /volumes", func(w http.ResponseWriter, r *http.Request) {
		json.NewEncoder(w).Encode(map[string][]thing{"Volumes": f.list("volumes", r)})
	})
	mux.HandleFunc("DELETE /{kind}/{id}", f.remove)
	server := httptest.NewUnstartedServer(mux)
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return socket
}

func (f *fakeEngine) list(kind string, r *http.Request) []thing {
	var filters struct{ Label []string }
	if err := json.Unmarshal([]byte(r.FormValue("filters")), &filters); err != nil {
		panic(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	matching := []thing{}
	for _, t := range f.things[kind] {
		all := true
		for _, label := range filters.Label {
			name, value, _ := strings.Cut(label, "=")
			all = all && t.Labels[name] == value
		}
		if all {
			matching = append(matching, t)
		}
	}
	return matching
}

func (f *fakeEngine) remove(w http.ResponseWriter, r *http.Request) {
	kind, id := r.PathValue("kind"), r.PathValue("id")
	f.mu.Lock()
	defer f.mu.Unlock()
	inUse := kind == "networks" && slices.ContainsFunc(f.things["containers"], func(t thing) bool {
		return t.Labels["on"] == id
	})
	if inUse || f.stuck[id] {
		http.Error(w, `{"message":"in use"}`, http.StatusConflict)
		return
	}
	f.things[kind] = slices.DeleteFunc(f.things[kind], func(t thing) bool { return t.ID+t.Name == id })
	w.WriteHeader(http.StatusNoContent)
}

// left names what the engine still has.
func (f *fakeEngine) left() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var names []string
	for _, things := range f.things {
		for _, t := range things {
			names = append(names, t.ID+t.Name)
		}
	}
	slices.Sort(names)
	return names
}

// inhabited is an engine with things of two sessions, kept ones among them.
func inhabited() *fakeEngine {
	mine := func(more ...string) map[string]string {
		labels := map[string]string{"session": "1", "app": "drill"}
		for i := 0; i < len(more); i += 2 {
			labels[more[i]] = more[i+1]
		}
		return labels
	}
	theirs := map[string]string{"session": "2", "app": "drill"}
	return &fakeEngine{things: map[string][]thing{
		"containers": {
			{ID: "mine1", Labels: mine("on", "net-mine")},
			{ID: "mine2", Labels: mine("on", "net-mine")},
			{ID: "kept", Labels: mine("on", "net-kept", keepLabel, "monday")},
			{ID: "kept-without-name", Labels: mine(keepLabel, "")},
			{ID: "reaper0123456789", Labels: mine()},
			{ID: "theirs", Labels: theirs},
			{ID: "half", Labels: map[string]string{"session": "1"}},
		},
		"networks": {
			{ID: "net-mine", Labels: mine()},
			{ID: "net-kept", Labels: mine(keepLabel, "monday")},
			{ID: "net-theirs", Labels: theirs},
		},
		"volumes": {
			{Name: "vol-mine", Labels: mine()},
			{Name: "vol-kept", Labels: mine(keepLabel, "monday")},
		},
	}}
}

func TestPrune(t *testing.T) {
	fake := inhabited()
	removed, err := newEngine(fake.start(t)).prune(t.Context(), []filter{{"session=1", "app=drill"}}, "reaper012345")
	if err != nil || removed != 4 {
		t.Errorf("prune removed %d, error %v; want 4, none", removed, err)
	}
	want := []string{"half", "kept", "kept-without-name", "net-kept", "net-theirs", "reaper0123456789", "theirs", "vol-kept"}
	if diff := cmp.Diff(want, fake.left()); diff != "" {
		t.Errorf("left on the engine (-want +got):\n%s", diff)
	}
}

func TestPruneSaysWhatItCouldNotRemove(t *testing.T) {
	fake := inhabited()
	fake.stuck = map[string]bool{"mine1": true}
	ctx, cancel := context.WithTimeout(t.Context(), 3*between)
	defer cancel()
	removed, err := newEngine(fake.start(t)).prune(ctx, []filter{{"session=1"}}, "reaper")
	if err == nil || !strings.Contains(err.Error(), "removing container mine1") || removed == 0 {
		t.Errorf("prune removed %d, error %v; want the others removed and mine1 named", removed, err)
	}
}

func TestPruneWithoutAnEngine(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*between)
	defer cancel()
	nowhere := filepath.Join(t.TempDir(), "none.sock")
	if _, err := newEngine(nowhere).prune(ctx, []filter{{"session=1"}}, "reaper"); err == nil {
		t.Error("prune found no engine and returned no error")
	}
}

// TestRun is the whole life of a reaper: a harness connects, says its labels,
// dies; what it left goes, what it wanted kept stays.
func TestRun(t *testing.T) {
	fake := inhabited()
	probe, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := probe.Addr().String()
	probe.Close()

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	reading, writing := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run(ctx, config{
			listen: address, socket: fake.start(t),
			first: time.Minute, reconnect: time.Millisecond, prune: time.Minute,
		}, writing)
		writing.Close()
	}()
	output := bufio.NewReader(reading)
	if line, err := output.ReadString('\n'); line != "Started\n" {
		t.Fatalf("the reaper said %q, %v; want Started", line, err)
	}
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	mustAck(t, harness{Conn: conn, lines: bufio.NewReader(conn)}, "label=session%3D1&label=app%3Ddrill")
	conn.Close()
	rest, _ := io.ReadAll(output)
	if err := <-ended; err != nil {
		t.Errorf("run: %v", err)
	}
	if string(rest) != "Removed 5\n" { // its own container as well: the test is in none
		t.Errorf("the reaper said %q, want Removed 5", rest)
	}
	if left := fake.left(); slices.Contains(left, "mine1") || !slices.Contains(left, "kept") {
		t.Errorf("left on the engine: %v", left)
	}
}

package cyrus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

// Kept is a pair that stays until it is taken down.
type Kept struct {
	Name      string
	Suite     string
	CreatedAt time.Time
	Servers   []KeptServer // imap1 first
}

// KeptServer is one server of a kept pair.
type KeptServer struct {
	Name  target.ServerName
	State string // as the engine tells it: "running", "exited"
	// Addresses are where its services are published; none while it is down.
	Addresses map[view.Service]string

	id string
}

// ListKept returns the pairs that are kept, the oldest first.
func ListKept(ctx context.Context) ([]Kept, error) {
	e, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	return e.kept(ctx)
}

func (e *engine) kept(ctx context.Context) ([]Kept, error) {
	found, err := e.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", labelKeep)})
	if err != nil {
		return nil, fmt.Errorf("looking for kept pairs: %w", err)
	}
	byName := map[string]*Kept{}
	for _, c := range found.Items {
		pair := byName[c.Labels[labelKeep]]
		if pair == nil {
			pair = &Kept{Name: c.Labels[labelKeep], Suite: c.Labels[labelSuite], CreatedAt: time.Unix(c.Created, 0)}
			byName[pair.Name] = pair
		}
		pair.Servers = append(pair.Servers, e.keptServer(c))
	}
	var all []Kept
	for _, pair := range byName {
		slices.SortFunc(pair.Servers, func(a, b KeptServer) int { return cmp.Compare(a.Name, b.Name) })
		all = append(all, *pair)
	}
	slices.SortFunc(all, func(a, b Kept) int { return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.Name, b.Name)) })
	return all, nil
}

func (e *engine) keptServer(c container.Summary) KeptServer {
	s := KeptServer{Name: target.ServerName(c.Labels[labelServer]), State: string(c.State), Addresses: map[view.Service]string{}, id: c.ID}
	for service, port := range ports {
		for _, p := range c.Ports {
			if p.PrivatePort == port && p.PublicPort != 0 {
				s.Addresses[service] = fmt.Sprintf("%s:%d", e.host(), p.PublicPort)
			}
		}
	}
	return s
}

// one returns the kept pair of that name, or the only one where name is empty.
func (e *engine) one(ctx context.Context, name string) (Kept, error) {
	all, err := e.kept(ctx)
	if err != nil {
		return Kept{}, err
	}
	return oneOf(all, name)
}

// oneOf is the kept pair that a name means. Without one nobody knows which of several is
// meant.
func oneOf(all []Kept, name string) (Kept, error) {
	names := make([]string, len(all))
	for i, pair := range all {
		if names[i] = pair.Name; pair.Name == name {
			return pair, nil
		}
	}
	switch {
	case len(all) == 0:
		return Kept{}, &target.SetupError{Problem: "no pair is kept", Mend: "cyrdrill up"}
	case name == "" && len(all) == 1:
		return all[0], nil
	case name == "":
		return Kept{}, &target.SetupError{Problem: fmt.Sprintf("%d pairs are kept", len(all)), Mend: "name one of " + strings.Join(names, ", ")}
	default:
		return Kept{}, &target.SetupError{Problem: fmt.Sprintf("no kept pair is called %q", name), Mend: "name one of " + strings.Join(names, ", ")}
	}
}

// Attach returns a kept pair, which must be reset before anything else is done
// with it: nobody remembers what roles its servers had.
func Attach(ctx context.Context, name string) (*Pair, error) {
	e, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	p, err := e.attach(ctx, name)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("attaching to a kept pair: %w", err), e.Close())
	}
	return p, nil
}

func (e *engine) attach(ctx context.Context, name string) (*Pair, error) {
	kept, err := e.one(ctx, name)
	if err != nil {
		return nil, err
	}
	if len(kept.Servers) != 2 {
		return nil, &target.SetupError{Problem: fmt.Sprintf("the pair %s has %d of its 2 servers left", kept.Name, len(kept.Servers)), Mend: "cyrdrill down " + kept.Name}
	}
	version, err := e.cyrusVersion(ctx, kept.Suite)
	if err != nil {
		return nil, err
	}
	p := newPair(e, kept.Name, kept.Suite, version, 0)
	p.keep = true
	for i, s := range p.servers {
		s.id, s.role = kept.Servers[i].id, ""
	}
	found, err := e.inspect(ctx, p.servers[0].id)
	if err != nil {
		return nil, err
	}
	if p.interval, err = time.ParseDuration(found.Config.Labels[labelInterval]); err != nil {
		return nil, fmt.Errorf("reading the label %s: %w", labelInterval, err)
	}
	return p, p.findNetworks(ctx)
}

func (p *Pair) findNetworks(ctx context.Context) error {
	found, err := p.engine.NetworkList(ctx, client.NetworkListOptions{Filters: client.Filters{}.Add("label", labelPair+"="+p.name)})
	if err != nil {
		return fmt.Errorf("looking for the networks of the pair %s: %w", p.name, err)
	}
	for _, n := range found.Items {
		p.networks[n.Labels[labelNetwork]] = n.Name
	}
	return nil
}

// Down removes a kept pair, which may be left out where only one is kept, and returns
// how many were removed.
func Down(ctx context.Context, name string) (int, error) {
	return down(ctx, func(kept []Kept) ([]Kept, error) {
		if len(kept) == 0 && name == "" {
			return nil, nil
		}
		pair, err := oneOf(kept, name)
		if setup := (*target.SetupError)(nil); len(kept) > 1 && name == "" && errors.As(err, &setup) {
			setup.Mend += ", or say --all"
		}
		return []Kept{pair}, err
	})
}

// DownAll removes all kept pairs, and returns how many they were.
func DownAll(ctx context.Context) (int, error) {
	return down(ctx, func(kept []Kept) ([]Kept, error) { return kept, nil })
}

func down(ctx context.Context, which func([]Kept) ([]Kept, error)) (int, error) {
	e, err := connect(ctx)
	if err != nil {
		return 0, err
	}
	defer e.Close()
	kept, err := e.kept(ctx)
	if err != nil {
		return 0, err
	}
	if kept, err = which(kept); err != nil {
		return 0, err
	}
	for i, pair := range kept {
		if _, err := e.remove(ctx, client.Filters{}.Add("label", labelKeep+"="+pair.Name)); err != nil {
			return i, fmt.Errorf("removing the pair %s: %w", pair.Name, err)
		}
	}
	return len(kept), nil
}

// Sweep removes what harnesses that are no longer alive have left behind, and
// returns how many containers and networks that were. A harness is alive as
// long as its reaper runs, since that ends with it.
func Sweep(ctx context.Context) (int, error) {
	e, err := connect(ctx)
	if err != nil {
		return 0, err
	}
	defer e.Close()
	alive, err := e.sessionsAlive(ctx)
	if err != nil {
		return 0, err
	}
	left, err := e.leftBehind(ctx, alive)
	if err != nil {
		return 0, err
	}
	removed := 0
	for _, pair := range left {
		n, err := e.remove(ctx, client.Filters{}.Add("label", labelPair+"="+pair))
		if removed += n; err != nil {
			return removed, fmt.Errorf("removing what is left of the pair %s: %w", pair, err)
		}
	}
	return removed, nil
}

func (e *engine) sessionsAlive(ctx context.Context) (map[string]bool, error) {
	reapers, err := e.ContainerList(ctx, client.ContainerListOptions{Filters: client.Filters{}.Add("label", labelReaper)})
	if err != nil {
		return nil, fmt.Errorf("looking for harnesses that are alive: %w", err)
	}
	alive := map[string]bool{}
	for _, c := range reapers.Items {
		alive[c.Labels[labelReaper]] = true
	}
	return alive, nil
}

// leftBehind returns the names of pairs that are not kept and whose harness is
// not alive, by their containers and by their networks.
func (e *engine) leftBehind(ctx context.Context, alive map[string]bool) ([]string, error) {
	labelled := client.Filters{}.Add("label", labelPair)
	containers, err := e.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: labelled})
	if err != nil {
		return nil, fmt.Errorf("looking for what is left behind: %w", err)
	}
	networks, err := e.NetworkList(ctx, client.NetworkListOptions{Filters: labelled})
	if err != nil {
		return nil, fmt.Errorf("looking for what is left behind: %w", err)
	}
	var pairs []string
	consider := func(labels map[string]string) {
		if labels[labelKeep] == "" && !alive[labels[labelSession]] {
			pairs = append(pairs, labels[labelPair])
		}
	}
	for _, c := range containers.Items {
		consider(c.Labels)
	}
	for _, n := range networks.Items {
		consider(n.Labels)
	}
	slices.Sort(pairs)
	return slices.Compact(pairs), nil
}

// Shell returns the command that opens a shell on a server of a kept pair, on a
// terminal or not; the pair may be left out where only one is kept.
func Shell(ctx context.Context, pair string, name target.ServerName, terminal bool) ([]string, error) {
	e, err := connect(ctx)
	if err != nil {
		return nil, err
	}
	defer e.Close()
	kept, err := e.one(ctx, pair)
	if err != nil {
		return nil, err
	}
	command := []string{"docker", "exec", "--interactive"}
	if terminal {
		command = append(command, "--tty")
	}
	for _, s := range kept.Servers {
		if s.Name == name {
			return append(command, s.id, "bash"), nil
		}
	}
	return nil, fmt.Errorf("the pair %s has no server %s any more", kept.Name, name)
}

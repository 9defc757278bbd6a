package detect

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Health looks at the two machines and at the files in which Cyrus keeps what it knows,
// message files left out: what of them is damaged or out of Cyrus's reach, whether the
// disk takes mail, whether the clocks agree. That a file is out of reach it does not
// promise to find, because most files are message files.
type Health struct{}

const (
	// scarceRoom is less than what Cyrus needs to take a message of usual size.
	scarceRoom = 256 << 10
	// clocksApart is how far two clocks may be apart.
	clocksApart = 5 * time.Second
)

// Name implements [Detector].
func (Health) Name() string { return "health" }

// Doc implements [Detector].
func (Health) Doc() string {
	return "looks at databases, caches and headers as files, at disk space and mounts, and compares the clocks"
}

// Promise implements [Detector].
func (Health) Promise() Promise {
	return atOnce(target.DataFileDamaged, target.DiskFull, target.DiskReadOnly, target.ClockWrong)
}

// Detect implements [Detector].
func (d Health) Detect(ctx context.Context, scene Scene) ([]Finding, error) {
	servers, err := scene.servers()
	if err != nil {
		return nil, err
	}
	if servers, err = awake(ctx, servers); err != nil {
		return nil, err
	}
	found, err := scene.sure(ctx, func(ctx context.Context) ([]Finding, error) { return healthOf(ctx, scene, servers) })
	if err != nil {
		return nil, err
	}
	return scene.sign(d.Name(), found), nil
}

// healthOf looks once at each server.
func healthOf(ctx context.Context, scene Scene, servers []target.Server) ([]Finding, error) {
	looks := make([]checkup, len(servers))
	var tasks []func(context.Context) error
	for i, server := range servers {
		looks[i].server = server.Name()
		tasks = append(tasks, func(ctx context.Context) error { return looks[i].measure(ctx, scene.Clock, server.Host()) })
		tasks = append(tasks, func(ctx context.Context) (err error) {
			looks[i].databases, err = server.Host().Databases(ctx, scene.Accounts)
			return err
		})
	}
	if err := scene.Executor.Run(ctx, tasks...); err != nil {
		return nil, err
	}
	var found []Finding
	for _, c := range looks {
		found = append(found, c.disk()...)
		found = append(found, c.files()...)
	}
	if len(looks) == 2 {
		found = append(found, compareClocks(looks[0], looks[1])...)
	}
	return found, nil
}

// checkup is what one look at a server has shown.
type checkup struct {
	server    target.ServerName
	machine   target.Machine
	databases []target.Database
	// How far its clock is ahead of that of whoever looks: at least and at most, for
	// the answer was on its way for a while.
	least, most time.Duration
}

func (c *checkup) measure(ctx context.Context, clock target.Clock, host target.HostView) (err error) {
	asked := clock.Now()
	if c.machine, err = host.Machine(ctx); err != nil {
		return err
	}
	c.least, c.most = c.machine.Clock.Sub(clock.Now()), c.machine.Clock.Sub(asked)
	return nil
}

// disk judges the disk that holds mail.
func (c *checkup) disk() []Finding {
	var found []Finding
	at := target.Place{Server: c.server}
	if c.machine.Room < scarceRoom {
		found = append(found, Finding{Kind: target.DiskFull, Place: at, Evidence: fmt.Sprintf("%d bytes may still be written", c.machine.Room)})
	}
	if c.machine.ReadOnly {
		found = append(found, Finding{Kind: target.DiskReadOnly, Place: at, Evidence: "the file system that holds mail is mounted read-only"})
	}
	return found
}

// files judges the databases. A damaged index makes its mailbox unreadable, which is
// told by whoever tries to read it.
func (c *checkup) files() []Finding {
	var order []spot
	said := map[spot][]string{}
	note := func(kind target.Kind, db target.Database, what string) {
		s := spot{kind, target.Place{Server: c.server, Account: db.Account, Mailbox: db.Mailbox}}
		if said[s] == nil {
			order = append(order, s)
		}
		said[s] = append(said[s], db.Name+": "+what)
	}
	for _, db := range c.databases {
		if db.There && !db.Accessible {
			note(target.FileInaccessible, db, "it has an owner or a mode by which Cyrus may not read and write it")
		}
		if db.Wrong != "" && db.Name != "cyrus.index" {
			note(target.DataFileDamaged, db, db.Wrong)
		}
	}
	slices.SortFunc(order, func(a, b spot) int {
		return cmp.Or(cmp.Compare(a.at.Account, b.at.Account), cmp.Compare(a.at.Mailbox, b.at.Mailbox), cmp.Compare(a.kind, b.kind))
	})
	found := make([]Finding, len(order))
	for i, s := range order {
		found[i] = Finding{Kind: s.kind, Place: s.at, Evidence: strings.Join(said[s], "; ")}
	}
	return found
}

// compareClocks tells of two clocks that are apart for certain. The one that is further
// from that of whoever looks is believed wrong.
func compareClocks(a, b checkup) []Finding {
	apart := max(a.least-b.most, b.least-a.most)
	if apart <= clocksApart {
		return nil
	}
	wrong := a
	if distance(b) > distance(a) {
		wrong = b
	}
	return []Finding{{
		Kind: target.ClockWrong, Place: target.Place{Server: wrong.server},
		Evidence: fmt.Sprintf("the clocks of %s and %s are %s apart; this one is at %s", a.server, b.server,
			apart.Round(time.Second), wrong.machine.Clock.UTC().Format(time.RFC3339)),
	}}
}

// distance is how far a server's clock is from that of whoever looks, at least.
func distance(c checkup) time.Duration { return max(c.least, -c.most, 0) }

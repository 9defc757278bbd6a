package monitor

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Options say how closely a site is looked at.
type Options struct {
	// Accounts are how many are looked at closely in one round; 0: all.
	Accounts int
	// ListEvery is every how many rounds the lists of mailboxes are compared.
	ListEvery int
	// Deadline is how long one check may take.
	Deadline time.Duration
}

// checks is how many checks a round has at most, each within the deadline.
const checks = 13

// Looker looks at a site, round by round.
type Looker struct {
	site    Site
	options Options
	rounds  int
	known   []string // accounts, as last told
	turns   rotation
	waiting waiting
	logs    [2]logs
	// whole says that logs are looked at from their beginning, for whoever looks once.
	whole bool
}

// NewLooker returns one that has not looked yet.
func NewLooker(site Site, options Options) *Looker {
	return &Looker{site: site, options: options, turns: rotation{most: options.Accounts}, waiting: waiting{}}
}

// Once looks once, at all that anybody has logged.
func Once(ctx context.Context, site Site, options Options) (Round, error) {
	l := NewLooker(site, options)
	l.whole = true
	return l.Look(ctx, nil)
}

// Look makes one round of checks. Of the suspects it is known that something is wrong with
// them. The error is the context's: then nothing is known of the round.
func (l *Looker) Look(ctx context.Context, suspects []string) (Round, error) {
	r := Round{Began: time.Now()}
	l.list(ctx)
	if l.rounds == 0 && len(l.known) > 0 { // whoever is started again and again is to see all of them
		l.turns.last = l.known[rand.N(len(l.known))]
	}
	chosen := l.turns.next(l.known, suspects)
	l.monitor(ctx, &r, chosen)
	l.health(ctx, &r, chosen)
	l.readLogs(ctx, &r)
	l.compare(ctx, &r, detect.StatusCompare{}, chosen)
	if l.rounds%max(1, l.options.ListEvery) == 0 {
		l.compare(ctx, &r, detect.ListCompare{}, l.known)
	}
	l.lag(ctx, &r)
	l.rounds++
	r.Ended = time.Now()
	return r, ctx.Err()
}

// list asks which accounts there are. While nobody tells they are those of before.
func (l *Looker) list(ctx context.Context) {
	if accounts, err := l.site.accounts(ctx); err == nil {
		l.known = accounts
	}
}

func (l *Looker) scene(accounts []string, servers ...target.Server) detect.Scene {
	scene := detect.Scene{
		Clock: realtime.Time{}, Executor: realtime.Time{}, Accounts: accounts, Partial: true,
		Master: l.site.Servers[0].Name(), RepeatInterval: l.site.RepeatInterval,
	}
	for _, s := range servers {
		scene.Sides = append(scene.Sides, detect.LiveSide(s))
	}
	return scene
}

func (l *Looker) both() []target.Server {
	return []target.Server{l.site.Servers[0], l.site.Servers[1]}
}

// nobody is asked for where no account is known: that there is none is an answer as well.
const nobody = "nobody"

func (l *Looker) monitor(ctx context.Context, r *Round, accounts []string) {
	d := detect.Monitor{}
	if len(accounts) == 0 {
		accounts = []string{nobody}
	}
	r.check(ctx, l.options.Deadline, Check{Name: d.Name(), Accounts: accounts}, func(ctx context.Context) ([]detect.Finding, error) {
		return d.Detect(ctx, l.scene(accounts, l.both()...))
	})
}

// health looks at both machines together, for it compares their clocks, and where that
// fails at each alone: one of them may be well.
func (l *Looker) health(ctx context.Context, r *Round, accounts []string) {
	d := detect.Health{}
	look := func(servers ...Server) func(context.Context) ([]detect.Finding, error) {
		return func(ctx context.Context) ([]detect.Finding, error) {
			live := make([]target.Server, len(servers))
			for i, s := range servers {
				if err := s.FilesKnown(ctx); err != nil {
					return nil, err
				}
				live[i] = s
			}
			return d.Detect(ctx, l.scene(accounts, live...))
		}
	}
	first, second := l.site.Servers[0], l.site.Servers[1]
	var together Round
	together.check(ctx, l.options.Deadline, Check{Name: d.Name(), Accounts: accounts}, look(first, second))
	if together.Checks[0].Outcome == Done {
		r.take(together)
		return
	}
	for _, s := range l.site.Servers {
		r.check(ctx, l.options.Deadline, Check{Name: d.Name(), Server: s.Name(), Accounts: accounts}, look(s))
	}
}

// take adds what another round has shown.
func (r *Round) take(other Round) {
	r.Checks = append(r.Checks, other.Checks...)
	r.Findings = append(r.Findings, other.Findings...)
}

// readLogs looks at what each server has logged.
func (l *Looker) readLogs(ctx context.Context, r *Round) {
	for i, s := range l.site.Servers {
		var err error
		server := target.Server(s)
		if !l.whole {
			limited, cancel := context.WithTimeout(ctx, l.options.Deadline)
			err = l.logs[i].follow(limited, time.Now(), s)
			cancel()
			server = logged{s, l.logs[i].text()}
		}
		for _, d := range []detect.Detector{detect.LogWatch{}, detect.CrashWatch{}} {
			r.check(ctx, l.options.Deadline, Check{Name: d.Name(), Server: s.Name()}, func(ctx context.Context) ([]detect.Finding, error) {
				if err != nil {
					return nil, err
				}
				return d.Detect(ctx, l.scene(nil, server))
			})
		}
	}
}

// fewAtATime is how many accounts are compared at a time: each has connections of its own.
const fewAtATime = 16

// compare compares the accounts that are not known to be behind. While replication stands
// still it waits: what is lag and what is damage nobody can tell.
func (l *Looker) compare(ctx context.Context, r *Round, d detect.Detector, accounts []string) {
	c := Check{Name: d.Name()}
	if cause, caused := r.cause(); caused {
		c.Outcome, c.Why = Waits, "until "+string(cause.Kind)+" on "+string(cause.Server)+" is over"
		r.Checks = append(r.Checks, c)
		return
	}
	behind := r.behind()
	c.Accounts = slices.DeleteFunc(slices.Clone(accounts), func(account string) bool { return behind[account] })
	if c.Accounts == nil {
		c.Accounts = []string{} // nil is all
	}
	r.check(ctx, l.options.Deadline, c, func(ctx context.Context) ([]detect.Finding, error) {
		var all []detect.Finding
		for few := range slices.Chunk(c.Accounts, fewAtATime) {
			found, err := d.Detect(ctx, l.scene(few, l.both()...))
			if err != nil {
				return all, err
			}
			all = append(all, found...)
		}
		return all, nil
	})
}

// lag measures how far each channel of the master is behind.
func (l *Looker) lag(ctx context.Context, r *Round) {
	master := l.site.Servers[0]
	r.check(ctx, l.options.Deadline, Check{Name: "lag", Server: master.Name()}, func(ctx context.Context) ([]detect.Finding, error) {
		channels, err := master.Channels(ctx)
		if err != nil {
			return nil, err
		}
		now := time.Now()
		for _, c := range channels {
			r.Lags = append(r.Lags, l.waiting.lag(now, master.Name(), c))
		}
		return nil, nil
	})
}

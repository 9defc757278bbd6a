package front

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// Service is one of the protocols that a server speaks.
type Service string

// The services, by the names that the model has for them.
const (
	ServiceIMAP  Service = "imap"
	ServiceLMTP  Service = "lmtp"
	ServiceSieve Service = "sieve"
	ServiceSync  Service = "sync"
)

// Services returns all of them, in the order of their ports.
func Services() []Service { return []Service{ServiceIMAP, ServiceLMTP, ServiceSieve, ServiceSync} }

// Options say where the fronts are opened, and who may act as others.
type Options struct {
	// Host is the address to listen on. Empty is 127.0.0.1.
	Host string
	// BasePort is the first of consecutive ports, one for each service of each
	// server. Zero lets the system choose.
	BasePort int
	// Admin and Password are the administrator's, who acts as any account. All
	// others log in with any password.
	Admin, Password string
}

// tick is how often the virtual clock follows the real one while nobody asks.
const tick = 20 * time.Millisecond

// Fronts is a simulated pair on sockets.
type Fronts struct {
	options Options
	ctx     context.Context // until Close
	cancel  context.CancelFunc
	ended   sync.WaitGroup // all that runs for the fronts

	mu    sync.Mutex // held by whoever uses the pair, or what follows
	pair  *sim.Pair
	at    time.Time // up to which the pair has followed real time
	doors []*door
}

// Open opens a pair's services. The pair is the fronts' own from here on, until
// Close, or until ctx ends: use it by [Fronts.Do] alone.
func Open(ctx context.Context, pair *sim.Pair, options Options) (*Fronts, error) {
	if options.Host == "" {
		options.Host = "127.0.0.1"
	}
	servers := pair.Servers()
	if last := options.BasePort + len(servers)*len(Services()) - 1; options.BasePort < 0 || last > 65535 {
		return nil, fmt.Errorf("ports %d to %d are not all between 1 and 65535", options.BasePort, last)
	}
	f := &Fronts{options: options, pair: pair, at: time.Now()}
	f.ctx, f.cancel = context.WithCancel(ctx)
	for _, server := range servers {
		for _, service := range Services() {
			f.doors = append(f.doors, newDoor(f, server.Name(), service))
		}
	}
	for i, d := range f.doors {
		port := 0
		if options.BasePort != 0 {
			port = options.BasePort + i
		}
		if err := d.reserve(net.JoinHostPort(options.Host, strconv.Itoa(port))); err != nil {
			return nil, errorsWith(err, f.Close())
		}
	}
	f.Do(func(*sim.Pair) {})
	f.ended.Go(f.keepTime)
	return f, nil
}

func errorsWith(err, closing error) error {
	if closing != nil {
		return fmt.Errorf("%w; and closing: %w", err, closing)
	}
	return err
}

// Do lets somebody use the pair alone. When it returns, whatever that did to a
// server can be seen from outside.
func (f *Fronts) Do(use func(*sim.Pair)) {
	f.mu.Lock()
	f.follow()
	func() {
		defer f.mu.Unlock()
		defer f.adjust()
		use(f.pair)
	}()
}

// follow lets as much time pass for the pair as has really passed.
func (f *Fronts) follow() {
	now := time.Now()
	_ = f.pair.Advance(f.ctx, now.Sub(f.at)) // the context ends with the fronts
	f.at = now
}

// adjust opens, shuts and empties doors as the servers' conditions ask for it.
func (f *Fronts) adjust() {
	for _, d := range f.doors {
		condition, life := f.pair.Condition(d.server, string(d.service))
		d.adjust(condition, life)
	}
}

// keepTime lets time pass while nobody asks.
func (f *Fronts) keepTime() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-f.ctx.Done():
			return
		case <-ticker.C:
			f.Do(func(*sim.Pair) {})
		}
	}
}

// Address returns where a service of a server is, or would be if the server were up.
func (f *Fronts) Address(server target.ServerName, service Service) string {
	for _, d := range f.doors {
		if d.server == server && d.service == service {
			return d.address
		}
	}
	return ""
}

// Close shuts all doors, cuts all connections, and returns when nothing runs any
// more that belongs to the fronts. The pair may be used by others then.
func (f *Fronts) Close() error {
	f.cancel()
	f.mu.Lock()
	var first error
	for _, d := range f.doors {
		if err := d.close(); err != nil && first == nil {
			first = fmt.Errorf("closing %s of %s: %w", d.service, d.server, err)
		}
	}
	f.mu.Unlock()
	f.ended.Wait()
	return first
}

package cyrus

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/moby/moby/client"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

// relay stands between a master and its replica, in the harness, and lets what the
// two say through late or little by little. The kernel's own means (netem) are not
// in every kernel, and containers have no rights over their queues.
type relay struct {
	master   *server
	listener net.Listener

	mu    sync.Mutex
	links map[target.ServerName]target.Link
	open  map[net.Conn]bool
}

// newRelay listens for the pair's master, and lets that find the listener under its
// replica's name. Its sync_client is told to connect anew.
func (p *Pair) newRelay(ctx context.Context) (*relay, error) {
	master := p.server(p.Serving().Name())
	if master.peerNow() == "" {
		return nil, fmt.Errorf("%s replicates to nobody", master.name)
	}
	listener, err := p.ListenForMaster(ctx)
	if err != nil {
		return nil, err
	}
	r := &relay{master: master, listener: listener, links: map[target.ServerName]target.Link{}, open: map[net.Conn]bool{}}
	go r.serve(p.server(master.name.Other()))
	if err := r.engage(ctx); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// namesScript puts a line for a host into /etc/hosts, in the place of one that is
// there, or takes it out where no address is given. The engine has mounted the file,
// so that no other can be put in its place.
const namesScript = `kept=$(grep -v " $2\$" /etc/hosts); { [ -z "$1" ] || echo "$1 $2"; echo "$kept"; } >/etc/hosts`

// engage lets the master find the relay. Whenever its container starts, the engine
// writes its /etc/hosts anew.
func (r *relay) engage(ctx context.Context) error {
	host, _, err := net.SplitHostPort(r.listener.Addr().String())
	if err != nil {
		return err
	}
	return r.master.redirect(ctx, host)
}

// redirect lets the server find its peer at an address, or, where there is none,
// where the engine says.
func (s *server) redirect(ctx context.Context, address string) error {
	e := s.pair.engine
	if _, err := e.exec(ctx, s.id, "", "sh", "-euc", namesScript, "names", address, s.peer()); err != nil {
		return fmt.Errorf("letting %s find its replica elsewhere: %w", s.name, err)
	}
	if _, err := e.ContainerKill(ctx, s.id, client.ContainerKillOptions{Signal: docker.KickSyncClientSignal}); err != nil {
		return fmt.Errorf("letting %s connect anew: %w", s.name, err)
	}
	return nil
}

// serve takes connections until the listener is closed.
func (r *relay) serve(replica *server) {
	for {
		conn, err := r.listener.Accept()
		if err != nil {
			return
		}
		go r.connect(conn, replica)
	}
}

// connect carries one connection to the replica's own address in the network of
// replication, where that is to be found: a replica that is cut off has none.
func (r *relay) connect(from net.Conn, replica *server) {
	defer from.Close()
	ctx, cancel := context.WithTimeout(context.Background(), callWithin)
	at, err := replica.addressOf(ctx, replicationNetwork)
	cancel()
	if err != nil {
		return
	}
	if _, err := netip.ParseAddr(at); err != nil {
		return
	}
	to, err := net.DialTimeout("tcp", net.JoinHostPort(at, strconv.Itoa(int(ports[view.Sync]))), callWithin)
	if err != nil {
		return
	}
	defer to.Close()
	r.note(from, to)
	defer r.forget(from, to)
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
		go func() {
			r.carry(way[1], way[0])
			done <- struct{}{}
		}()
	}
	<-done
}

// carry copies what is read, as late and as slowly as the links want it. It ends with
// either side.
func (r *relay) carry(to io.Writer, from io.Reader) {
	queue := make(chan packet, 1<<10)
	go func() {
		defer close(queue)
		for {
			buffer := make([]byte, 4<<10)
			n, err := from.Read(buffer)
			if n > 0 {
				queue <- packet{time.Now(), buffer[:n]}
			}
			if err != nil {
				return
			}
		}
	}()
	for p := range queue {
		delay, rate := r.now()
		time.Sleep(time.Until(p.at.Add(delay)))
		if rate > 0 {
			time.Sleep(time.Duration(len(p.bytes)) * time.Second / time.Duration(rate))
		}
		if _, err := to.Write(p.bytes); err != nil {
			return
		}
	}
}

// packet is what was read at once, and when.
type packet struct {
	at    time.Time
	bytes []byte
}

// now says how late each way is, and how many bytes a second go it; 0: all.
func (r *relay) now() (delay time.Duration, bytesPerSecond int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.links {
		delay += l.Delay / 2 // a question has half of it, and its answer the other
		if l.BytesPerSecond > 0 && (bytesPerSecond == 0 || l.BytesPerSecond < bytesPerSecond) {
			bytesPerSecond = l.BytesPerSecond
		}
	}
	return delay, bytesPerSecond
}

func (r *relay) note(conns ...net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range conns {
		r.open[c] = true
	}
}

func (r *relay) forget(conns ...net.Conn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range conns {
		delete(r.open, c)
	}
}

func (r *relay) set(name target.ServerName, change func(*target.Link)) (idle bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	link := r.links[name]
	change(&link)
	r.links[name] = link
	for _, l := range r.links {
		if l != (target.Link{}) {
			return false
		}
	}
	return true
}

func (r *relay) link(name target.ServerName) target.Link {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.links[name]
}

// close ends the relay and whatever goes through it.
func (r *relay) close() {
	_ = r.listener.Close() // nothing was written to it
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.open {
		_ = c.Close() // its other end is told by that
	}
}

package field

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/document"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

// Config is what a configuration says, the master first, or the rescued server.
type Config struct {
	File           string // as it was named
	Digest         string // SHA-256 of its text, in hex
	Servers        [2]ServerConfig
	Accounts       Accounts
	RepeatInterval time.Duration
	// AnswerWithin is how long a server may say nothing while it is waited for: one that
	// hangs is told from one that has much to do.
	AnswerWithin time.Duration
	Maintenance  []Window
}

// ServerConfig is one server.
type ServerConfig struct {
	Name     target.ServerName
	Role     target.Role
	Services map[view.Service]Service
	TLS      TLS
	Admin    string
	Password Secret
	Host     []string // the command that runs a shell there; nil: nobody may look at its machine
	Operate  bool     // that shell may run what changes the server
	Paths    Paths

	pos, adminPos, hostPos document.Pos
}

// Service is where a service is, and how it is secured.
type Service struct {
	Address string
	Mode    Mode

	pos document.Pos
}

// Mode says when TLS begins.
type Mode string

// The modes.
const (
	Implicit Mode = "implicit" // with the connection
	StartTLS Mode = "starttls" // as soon as the server has greeted
	Plain    Mode = "none"     // never
)

// TLS says how a server's certificate is verified.
type TLS struct {
	CA         string // a file, as it was written; empty: the system's certificates
	ServerName string // empty: the host of each address

	pos document.Pos
}

// Secret says where a password is.
type Secret struct {
	Env, File string // one of them

	pos document.Pos
}

// Paths are where things are on a server's machine; what is empty is asked of it.
type Paths struct {
	ImapdConf, ConfigDirectory, Partition, SieveDir, Programs, Syslog string
}

// Accounts say whose mail is looked at: all, those named, or those in a file.
type Accounts struct {
	Names []string
	File  string // as it was written

	pos document.Pos
}

// services are the keys of addresses, in the order in which they are read.
var services = []view.Service{view.IMAP, view.Sync, view.Sieve, view.LMTP}

// Parse reads a configuration. The file's name stands in messages only. Nothing that it
// names is looked for. The error is a [document.Errors] with everything that is wrong.
func Parse(file string, text []byte) (*Config, error) {
	root, errs := theFormat().Read(text)
	if root == nil {
		return nil, errs.Of(file)
	}
	errs = append(errs, theFormat().Check(root)...)
	d := decoder{}
	config := d.config(root)
	if len(errs) == 0 { // else these would follow from those
		errs = d.errs
	}
	if err := errs.Of(file); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	config.File, config.Digest = file, hex.EncodeToString(sum[:])
	return config, nil
}

// decoder turns a tree that the schema has let through into a configuration, and checks
// what the schema cannot.
type decoder struct{ errs document.Errors }

func (d *decoder) config(root *document.Node) *Config {
	config := &Config{
		RepeatInterval: d.duration(root, "repeatInterval", usualInterval), AnswerWithin: d.duration(root, "answerWithin", usualPatience),
		Accounts: accounts(root.Get("accounts")),
	}
	var servers []ServerConfig
	if n := root.Get("servers"); n != nil {
		for _, f := range n.Fields {
			servers = append(servers, d.server(f))
		}
		d.checkPair(servers, n.Place(root.Pos))
	}
	d.checkApart(servers)
	config.Maintenance = d.maintenance(root.Get("maintenance"), servers)
	if len(servers) == 2 {
		slices.SortFunc(servers, func(a, b ServerConfig) int { return cmp.Compare(a.Role, b.Role) }) // "master" first, "rescued" first
		config.Servers = [2]ServerConfig(servers)
	}
	return config
}

const (
	// usualInterval is what Cyrus has for sync_repeat_interval where nobody says.
	usualInterval = time.Second
	// usualPatience is as much as the first record of a large index takes, many times over.
	usualPatience = time.Minute
)

func (d *decoder) duration(root *document.Node, key string, usual time.Duration) time.Duration {
	n := root.Get(key)
	if n == nil {
		return usual
	}
	length, err := time.ParseDuration(n.Str())
	if err != nil {
		d.errs.Add(n.Pos, "write one like \"3s\"", "%s %q is no length of time", key, n.Str())
	}
	if err == nil && length == 0 && key == "answerWithin" {
		d.errs.Add(n.Pos, "write one like \"60s\"", "no server answers within 0s")
	}
	return length
}

func accounts(n *document.Node) Accounts {
	if n == nil {
		return Accounts{}
	}
	found := Accounts{File: n.Get("file").Str(), pos: n.Pos}
	if file := n.Get("file"); file != nil {
		found.pos = file.Pos
	}
	for _, item := range n.List() {
		found.Names = append(found.Names, item.Str())
	}
	return found
}

// serverName is what a server may be called.
var serverName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

func (d *decoder) server(f document.Field) ServerConfig {
	n := f.Value
	if !serverName.MatchString(f.Key) {
		d.errs.Add(f.Pos, "use letters, digits and any of . _ -", "%q cannot be a server's name", f.Key)
	}
	s := ServerConfig{
		Name: target.ServerName(f.Key), Role: target.Role(n.Get("role").Str()), Services: map[view.Service]Service{},
		Admin: n.Get("admin").Str(), pos: f.Pos, adminPos: f.Pos,
	}
	if admin := n.Get("admin"); admin != nil {
		s.adminPos = admin.Pos
	}
	secured := n.Get("tls")
	s.TLS = TLS{CA: secured.Get("ca").Str(), ServerName: secured.Get("serverName").Str()}
	if ca := secured.Get("ca"); ca != nil {
		s.TLS.pos = ca.Pos
	}
	for _, name := range services {
		if at := n.Get(string(name)); at != nil {
			s.Services[name] = d.service(at, Mode(secured.Get("mode").Str()))
		}
	}
	if password := n.Get("password"); password != nil {
		s.Password = Secret{Env: password.Get("env").Str(), File: password.Get("file").Str(), pos: password.Pos}
	}
	if host := n.Get("host"); host != nil {
		s.hostPos = host.Pos
		local, command := host.Get("local"), host.Get("command")
		switch {
		case local == nil && command == nil:
			d.errs.Add(host.Pos, "write {command: […]} or {local: true}", "host does not say how commands are run there")
		case local != nil && command != nil:
			d.errs.Add(command.Pos, "leave out one of them", "host says both local and command")
		}
		s.Operate = host.Get("operate") != nil
		for _, word := range host.Get("command").List() {
			s.Host = append(s.Host, word.Str())
		}
		s.Host = append(s.Host, "sh")
	}
	p := n.Get("paths")
	s.Paths = Paths{
		ImapdConf: p.Get("imapdConf").Str(), ConfigDirectory: p.Get("configDirectory").Str(), Partition: p.Get("partition").Str(),
		SieveDir: p.Get("sieveDir").Str(), Programs: p.Get("programs").Str(), Syslog: p.Get("syslog").Str(),
	}
	return s
}

func (d *decoder) service(n *document.Node, mode Mode) Service {
	address := n
	if inner := n.Get("address"); inner != nil {
		address = inner
		if own := n.Get("tls"); own != nil {
			mode = Mode(own.Str())
		}
	}
	s := Service{Address: strings.ToLower(address.Str()), Mode: mode, pos: address.Pos}
	if s.Mode == "" {
		s.Mode = StartTLS
		if _, port, _ := net.SplitHostPort(s.Address); port == "993" {
			s.Mode = Implicit
		}
	}
	return s
}

// checkPair wants a master and its replica, or a rescued server and the one that serves.
func (d *decoder) checkPair(servers []ServerConfig, pos document.Pos) {
	byRole := map[target.Role][]ServerConfig{}
	for _, s := range servers {
		byRole[s.Role] = append(byRole[s.Role], s)
	}
	roles := []target.Role{target.RoleMaster, target.RoleReplica}
	apart := []target.Role{target.RoleRescued, target.RoleServing}
	if len(byRole[apart[0]])+len(byRole[apart[1]]) > 0 {
		for _, role := range roles {
			if other := byRole[role]; len(other) > 0 {
				d.errs.Add(other[0].pos, "say rescued and serving, or master and replica", "%s is a %s beside one that is rescued or serving", other[0].Name, role)
				return
			}
		}
		roles = apart
	}
	for _, role := range roles {
		switch found := byRole[role]; {
		case len(found) == 0:
			d.errs.Add(pos, "say \"role: "+string(role)+"\" of one of them", "there is no %s among the servers", role)
		case len(found) > 1:
			d.errs.Add(found[1].pos, "name one pair", "%s is a second %s; the first is on line %d", found[1].Name, role, found[0].pos.Line)
		}
	}
}

// checkApart wants no address twice: a server that is compared with itself is equal.
func (d *decoder) checkApart(servers []ServerConfig) {
	type first struct {
		server  target.ServerName
		service view.Service
		line    int
	}
	seen := map[string]first{}
	for _, s := range servers {
		for _, name := range services {
			at, ok := s.Services[name]
			if !ok {
				continue
			}
			before, double := seen[at.Address]
			switch {
			case !double:
				seen[at.Address] = first{s.Name, name, at.pos.Line}
			case before.server != s.Name:
				d.errs.Add(at.pos, "give the other server's address", "%s and %s are the same server: both are at %s, first on line %d", before.server, s.Name, at.Address, before.line)
			default:
				d.errs.Add(at.pos, "give the service's own address", "%s of %s is at %s, as its %s is on line %d", name, s.Name, at.Address, before.service, before.line)
			}
		}
	}
}

package docker

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

//go:embed config
var configFiles embed.FS

// Config is what one server's configuration depends on: its role, and to whom
// it replicates. It is rendered before the server starts and again when its
// role changes.
type Config struct {
	// ServerName is the server's own name, and the realm under which the image
	// knows the administrator: [target.Imap1] or [target.Imap2].
	ServerName target.ServerName
	// Role decides what runs: only a master logs for replication and makes
	// accounts at login; a rescued server takes no mail.
	Role target.Role
	// Peer is the host to which a master replicates. A master with none, such
	// as a promoted replica, logs its changes and sends them nowhere.
	Peer string
	// Draining takes a master's users away, so that its sync log can be worked
	// off to the last line.
	Draining bool
	// RepeatInterval is sync_repeat_interval: Cyrus takes whole seconds.
	RepeatInterval time.Duration
	// Admin and Password are the administrator's, on this server and on its
	// peer: [AdminUser] and [AdminPassword].
	Admin, Password string
}

// ImapdConf renders /etc/imapd.conf. It holds the password.
func (c Config) ImapdConf() ([]byte, error) {
	return c.render("imapd.conf")
}

// CyrusConf renders /etc/cyrus.conf.
func (c Config) CyrusConf() ([]byte, error) {
	return c.render("cyrus.conf")
}

// IsMaster says for the templates whether the server logs for replication.
func (c Config) IsMaster() bool {
	return c.Role == target.RoleMaster
}

// TakesMail says for the templates whether the server has LMTP at all.
func (c Config) TakesMail() bool {
	return c.Role != target.RoleRescued && !c.Draining
}

// RepeatSeconds is RepeatInterval as Cyrus wants it.
func (c Config) RepeatSeconds() int64 {
	return int64(c.RepeatInterval / time.Second)
}

// SyncShutdownFile is [SyncShutdownFile], for the templates.
func (c Config) SyncShutdownFile() string {
	return SyncShutdownFile
}

func (c Config) render(name string) ([]byte, error) {
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("rendering %s of %s: %w", name, c.ServerName, err)
	}
	tmpl, err := template.ParseFS(configFiles, "config/"+name+".tmpl")
	if err != nil {
		return nil, fmt.Errorf("rendering %s: %w", name, err)
	}
	var out bytes.Buffer
	if err := tmpl.Execute(&out, c); err != nil {
		return nil, fmt.Errorf("rendering %s of %s: %w", name, c.ServerName, err)
	}
	return out.Bytes(), nil
}

// check refuses what Cyrus would take in silence and read in another way.
func (c Config) check() error {
	switch c.ServerName {
	case target.Imap1, target.Imap2:
	default:
		return fmt.Errorf("the image knows no administrator of server %q", c.ServerName)
	}
	switch c.Role {
	case target.RoleMaster:
	case target.RoleReplica, target.RoleRescued:
		if c.Peer != "" {
			return fmt.Errorf("a %s replicates to nobody, but its peer is %q", c.Role, c.Peer)
		}
	default:
		return fmt.Errorf("unknown role %q", c.Role)
	}
	if c.RepeatInterval < 0 || c.RepeatInterval%time.Second != 0 {
		return fmt.Errorf("repeat interval %v: Cyrus takes whole seconds from 0 up", c.RepeatInterval)
	}
	for _, value := range []string{c.Peer, c.Admin, c.Password} {
		if strings.ContainsAny(value, " \t\r\n\"") {
			return errors.New("peer, admin and password may hold no blank, quote or line end")
		}
	}
	if c.Admin == "" || c.Password == "" {
		return errors.New("no administrator given")
	}
	return nil
}

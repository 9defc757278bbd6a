package docker

import (
	"strings"
	"testing"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

func server(role target.Role, peer string) Config {
	return Config{
		ServerName: target.Imap1, Role: role, Peer: peer, RepeatInterval: 2 * time.Second,
		Admin: AdminUser, Password: AdminPassword,
	}
}

// settings reads an imapd.conf as Cyrus does: one "name: value" a line.
func settings(t *testing.T, c Config) map[string]string {
	t.Helper()
	conf, err := c.ImapdConf()
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]string{}
	for line := range strings.Lines(string(conf)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, found := strings.Cut(line, ": ")
		if _, twice := read[name]; !found || twice {
			t.Errorf("imapd.conf: %q is no setting, or there twice", line)
		}
		read[name] = value
	}
	return read
}

// entries reads a cyrus.conf: the commands by section and name.
func entries(t *testing.T, c Config) map[string]string {
	t.Helper()
	conf, err := c.CyrusConf()
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]string{}
	section := ""
	for line := range strings.Lines(string(conf)) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasSuffix(line, " {"): // on a line of its own, or Cyrus ignores it
			section = strings.TrimSuffix(line, " {")
		case line == "}":
			section = ""
		default:
			name, rest, _ := strings.Cut(line, " ")
			if section == "" || strings.ContainsAny(line, "{}") {
				t.Errorf("cyrus.conf: %q stands in no section", line)
			}
			read[section+" "+name] = strings.TrimSpace(rest)
		}
	}
	return read
}

const absent = "(absent)"

func TestImapdConf(t *testing.T) {
	master, promoted := server(target.RoleMaster, "imap2"), server(target.RoleMaster, "")
	replica, rescued := server(target.RoleReplica, ""), server(target.RoleRescued, "")
	for _, test := range []struct {
		setting                            string
		master, promoted, replica, rescued string
	}{
		{"servername", "imap1", "imap1", "imap1", "imap1"},
		{"admins", AdminUser, AdminUser, AdminUser, AdminUser},
		{"proxyservers", AdminUser, AdminUser, AdminUser, AdminUser},
		{"expunge_mode", "delayed", "delayed", "delayed", "delayed"},
		{"delete_mode", "delayed", "delayed", "delayed", "delayed"},
		{"conversations", "yes", "yes", "yes", "yes"},
		{"autocreate_quota", "0", "0", "-1", "-1"},
		{"sync_log", "yes", "yes", "no", "no"},
		{"sync_host", "imap2", absent, absent, absent},
		{"sync_port", "2005", absent, absent, absent},
		{"sync_authname", AdminUser, absent, absent, absent},
		{"sync_password", AdminPassword, absent, absent, absent},
		{"sync_try_imap", "no", absent, absent, absent},
		{"sync_repeat_interval", "2", absent, absent, absent},
		{"sync_timeout", "5s", absent, absent, absent},
		{"sync_reconnect_maxwait", "1s", absent, absent, absent},
		{"sync_shutdown_file", SyncShutdownFile, absent, absent, absent},
	} {
		for name, want := range map[*Config]string{
			&master: test.master, &promoted: test.promoted, &replica: test.replica, &rescued: test.rescued,
		} {
			got, there := settings(t, *name)[test.setting]
			if !there {
				got = absent
			}
			if got != want {
				t.Errorf("%s with peer %q: %s is %q, want %q", name.Role, name.Peer, test.setting, got, want)
			}
		}
	}
}

func TestCyrusConf(t *testing.T) {
	const sync = "DAEMON syncclient"
	common := []string{"START recover", "SERVICES imap", "SERVICES sieve", "SERVICES sync"}
	for _, test := range []struct {
		config Config
		want   []string
	}{
		{server(target.RoleMaster, "imap2"), append([]string{"SERVICES lmtp", sync}, common...)},
		{server(target.RoleMaster, ""), append([]string{"SERVICES lmtp"}, common...)},
		{server(target.RoleReplica, ""), append([]string{"SERVICES lmtp"}, common...)},
		{server(target.RoleRescued, ""), common},
	} {
		got := entries(t, test.config)
		for _, entry := range test.want {
			if _, there := got[entry]; !there {
				t.Errorf("%s with peer %q has no %s", test.config.Role, test.config.Peer, entry)
			}
		}
		if len(got) != len(test.want) {
			t.Errorf("%s with peer %q runs %v, want %v alone", test.config.Role, test.config.Peer, got, test.want)
		}
		if want := `cmd="sync_client -r -l"`; got[sync] != "" && got[sync] != want {
			t.Errorf("%s is %q, want %q", sync, got[sync], want)
		}
	}
}

func TestConfigRefused(t *testing.T) {
	for name, spoil := range map[string]func(*Config){
		"unknown server":       func(c *Config) { c.ServerName = "imap3" },
		"no role":              func(c *Config) { c.Role = "" },
		"replica with a peer":  func(c *Config) { c.Role = target.RoleReplica },
		"rescued with a peer":  func(c *Config) { c.Role = target.RoleRescued },
		"part of a second":     func(c *Config) { c.RepeatInterval = 1500 * time.Millisecond },
		"negative interval":    func(c *Config) { c.RepeatInterval = -time.Second },
		"peer of two lines":    func(c *Config) { c.Peer = "imap2\nadmins: all" },
		"no administrator":     func(c *Config) { c.Admin = "" },
		"no password":          func(c *Config) { c.Password = "" },
		"password with a line": func(c *Config) { c.Password = "a\nb" },
	} {
		t.Run(name, func(t *testing.T) {
			config := server(target.RoleMaster, "imap2")
			spoil(&config)
			if conf, err := config.ImapdConf(); err == nil {
				t.Errorf("imapd.conf was rendered:\n%s", conf)
			}
			if _, err := config.CyrusConf(); err == nil {
				t.Error("cyrus.conf was rendered")
			}
		})
	}
}

func TestConfigErrorsHoldNoPassword(t *testing.T) {
	config := server(target.RoleMaster, "imap2")
	config.Password = "top secret"
	if _, err := config.ImapdConf(); err == nil || strings.Contains(err.Error(), "top") {
		t.Errorf("the error is %v; want one that does not show the password", err)
	}
}

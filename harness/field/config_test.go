package field

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/cyrdrill/cyrdrill/harness/document"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

const good = `apiVersion: cyrdrill/v1
servers:
  imap2:
    role: replica
    imap: {address: "[2001:db8::2]:143", tls: none}
    admin: cyrus
    password: {file: secret}
  imap1:
    role: master
    imap: IMAP1.example.org:993
    sync: imap1.example.org:2005
    sieve: {address: imap1.example.org:4190, tls: implicit}
    tls: {ca: ca.pem, serverName: mail.example.org}
    admin: cyrus
    password: {env: FIELD_TEST_PASSWORD}
    host: {command: [ssh, imap1.example.org]}
    paths: {syslog: /var/log/mail.log}
accounts: [alice, bob]
repeatInterval: 3s
`

func TestParse(t *testing.T) {
	got, err := Parse("field.yaml", []byte(good))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Digest) != 64 {
		t.Errorf("digest %q", got.Digest)
	}
	want := &Config{
		File: "field.yaml", RepeatInterval: 3 * time.Second, AnswerWithin: time.Minute, Accounts: Accounts{Names: []string{"alice", "bob"}},
		Servers: [2]ServerConfig{{
			Name: "imap1", Role: target.RoleMaster, Admin: "cyrus", Password: Secret{Env: "FIELD_TEST_PASSWORD"},
			Services: map[view.Service]Service{
				view.IMAP: {Address: "imap1.example.org:993", Mode: Implicit}, view.Sync: {Address: "imap1.example.org:2005", Mode: StartTLS},
				view.Sieve: {Address: "imap1.example.org:4190", Mode: Implicit},
			},
			TLS: TLS{CA: "ca.pem", ServerName: "mail.example.org"}, Host: []string{"ssh", "imap1.example.org", "sh"},
			Paths: Paths{Syslog: "/var/log/mail.log"},
		}, {
			Name: "imap2", Role: target.RoleReplica, Admin: "cyrus", Password: Secret{File: "secret"},
			Services: map[view.Service]Service{view.IMAP: {Address: "[2001:db8::2]:143", Mode: Plain}},
		}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Config{}, "Digest"), cmpopts.IgnoreUnexported(ServerConfig{}, Service{}, TLS{}, Secret{}, Accounts{})); diff != "" {
		t.Error(diff)
	}
}

func TestBadInput(t *testing.T) {
	for _, test := range []struct{ name, old, new, want string }{
		{"an empty file", good, "", `1:1: the file is empty; a configuration begins with "apiVersion: cyrdrill/v1"`},
		{"another format", "cyrdrill/v1", "cyrdrill/v2", `1:13: apiVersion is the text "cyrdrill/v2", which this cyrdrill does not read; it reads "cyrdrill/v1"`},
		{"an unknown key", "    admin: cyrus\n    password: {file", "    admn: cyrus\n    password: {file", "3:3: imap2: missing key \"admin\"\nfield.yaml:6:5: unknown key \"admn\"; did you mean \"admin\"?"},
		{"a literal password", "{file: secret}", "hunter2", "7:15: a password has no place in this file; write {env: NAME} or {file: PATH}, and put it there"},
		{"a literal password that is a number", "{file: secret}", "12345", "7:15: a password has no place in this file; write {env: NAME} or {file: PATH}, and put it there"},
		{"a literal password under a key", "{file: secret}", "{text: hunter2}", "7:15: password does not say where it is; write {env: NAME} or {file: PATH}"},
		{"a password in two places", "{file: secret}", "{file: secret, env: A}", `7:30: "env" stands beside "file": password has exactly one key; leave one of them out`},
		{"no password at all", "{file: secret}", "", "7:5: password does not say where it is; write {env: NAME} or {file: PATH}"},
		{"a password nowhere", "{file: secret}", "{}", "7:15: password does not say where it is; write {env: NAME} or {file: PATH}"},
		{"a name that no variable has", "FIELD_TEST_PASSWORD", "$SECRET", `15:21: env "$SECRET" is no name of an environment variable; write one like "CYRUS_PASSWORD"`},
		{"no master", "role: master", "role: replica", "3:3: there is no master among the servers; say \"role: master\" of one of them\nfield.yaml:8:3: imap1 is a second replica; the first is on line 3; name one pair"},
		{"an unknown role", "role: master", "role: slave", `9:11: unknown role "slave"; known: master, replica, rescued, serving`},
		{"the same server twice", `{address: "[2001:db8::2]:143", tls: none}`, "imap1.example.org:993", "10:11: imap2 and imap1 are the same server: both are at imap1.example.org:993, first on line 5; give the other server's address"},
		{"two services at one address", "sync: imap1.example.org:2005", "sync: imap1.example.org:993", "11:11: sync of imap1 is at imap1.example.org:993, as its imap is on line 10; give the service's own address"},
		{"an address without a port", "imap1.example.org:2005", "imap1.example.org", `11:11: sync "imap1.example.org" is no address; write host and port, like "imap1.example.org:993"`},
		{"an address that is a list", "sync: imap1.example.org:2005", "sync: [1]", "11:11: sync must be text or a mapping, not a list"},
		{"an unknown mode", "tls: implicit", "tls: ssl", `12:51: unknown mode of TLS "ssl"; known: implicit, starttls, none`},
		{"a host in two ways", "{command: [ssh, imap1.example.org]}", "{command: [ssh], local: true}", "16:21: host says both local and command; leave out one of them"},
		{"a host in no way", "{command: [ssh, imap1.example.org]}", "{operate: true}", "16:11: host does not say how commands are run there; write {command: […]} or {local: true}"},
		{"a host that half operates", "{command: [ssh, imap1.example.org]}", "{local: true, operate: false}", "16:34: operate can only be true; leave it out where nothing may be changed by the command"},
		{"a rescued server in a pair", "role: replica", "role: rescued", "8:3: imap1 is a master beside one that is rescued or serving; say rescued and serving, or master and replica"},
		{"a host that is not local", "{command: [ssh, imap1.example.org]}", "{local: false}", "16:19: local can only be true; leave host out where nobody may look at the machine"},
		{"a relative path there", "/var/log/mail.log", "mail.log", `17:21: syslog "mail.log" is no absolute path; begin it with /`},
		{"no accounts", "[alice, bob]", "[]", "18:11: accounts must not be empty"},
		{"an account twice", "[alice, bob]", "[alice, alice]", `18:19: account "alice" stands twice; first on line 18; leave one of them out`},
		{"accounts that mean nothing", "[alice, bob]", "everyone", `18:11: unknown accounts "everyone"; known: all`},
		{"an interval without a unit", "3s", "3", `19:17: repeatInterval must be text, not the number 3; write whole numbers with units, like "3s" or "1m30s"`},
		{"a server's name", "imap1:\n", "\"imap 1\":\n", `8:3: "imap 1" cannot be a server's name; use letters, digits and any of . _ -`},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := strings.Replace(good, test.old, test.new, 1)
			if text == good {
				t.Fatalf("there is no %q to replace", test.old)
			}
			_, err := Parse("field.yaml", []byte(text))
			if got := fmt.Sprint(err); got != "field.yaml:"+test.want {
				t.Errorf("got\n%s\nwant\nfield.yaml:%s", got, test.want)
			}
			if strings.Contains(fmt.Sprint(err), "hunter2") || strings.Contains(fmt.Sprint(err), "12345") {
				t.Error("the password is told")
			}
		})
	}
}

func TestLoad(t *testing.T) {
	folder := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file := write("field.yaml", strings.ReplaceAll(good, "[alice, bob]", "{file: accounts}"))
	_, err := Load(file)
	at := func(line, column int, text string) string {
		return fmt.Sprintf("%s:%d:%d: %s", file, line, column, text)
	}
	absent := func(name string) string { return filepath.Join(folder, name) + ": no such file or directory" }
	const mend = "; let it be there and readable for whoever runs cyrdrill"
	want := strings.Join([]string{
		at(7, 15, "the password of imap2 cannot be read: "+absent("secret")+mend),
		at(13, 15, "ca cannot be read: "+absent("ca.pem")+mend),
		at(15, 15, "the password of imap1 is missing: FIELD_TEST_PASSWORD is not set; export FIELD_TEST_PASSWORD=…"),
		at(18, 18, "the file of accounts cannot be read: "+absent("accounts")+mend),
	}, "\n")
	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Error(diff)
	}
	t.Setenv("FIELD_TEST_PASSWORD", "one")
	write("secret", "two\r\nnot this\n")
	write("accounts", "# whose mail\nalice\n\n bob \nalice\n")
	write("ca.pem", "nothing")
	if _, err = Load(file); fmt.Sprint(err) != at(13, 15, "ca holds no certificate: ca.pem; it begins with -----BEGIN CERTIFICATE-----") {
		t.Error(err)
	}
	file = write("field.yaml", strings.ReplaceAll(strings.ReplaceAll(good, "[alice, bob]", "{file: accounts}"), "ca: ca.pem, ", ""))
	loaded, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"alice", "bob"}, loaded.Names); diff != "" || loaded.passwords != [2]string{"one", "two"} {
		t.Errorf("%s; passwords %q", diff, loaded.passwords)
	}
	if _, err := Load(filepath.Join(folder, "none.yaml")); err == nil || !strings.Contains(err.Error(), "reading the configuration") {
		t.Error(err)
	}
}

// The schema is one, and has a description for whatever can be written.
func TestSchema(t *testing.T) {
	format := theFormat()
	if format.Root.Text("$id") != schemaID || format.Root.Sub("properties").Sub("apiVersion").Text("const") != APIVersion {
		t.Error("the schema and the code do not agree on what they are")
	}
	meta, err := jsonschema.NewCompiler().Compile(format.Root.Text("$schema"))
	if err != nil {
		t.Fatal(err)
	}
	if err := meta.Validate(map[string]any(format.Root)); err != nil {
		t.Error(err)
	}
	var each func(at string, s document.Fragment)
	each = func(at string, s document.Fragment) {
		for _, key := range s.Keys() {
			property := s.Sub("properties").Sub(key)
			if property.Text("description") == "" {
				t.Errorf("%s/%s is not described", at, key)
			}
			each(at+"/"+key, property)
		}
	}
	each("", format.Root)
	for name := range format.Root.Sub("$defs") {
		each(name, format.Root.Sub("$defs").Sub(name))
	}
}

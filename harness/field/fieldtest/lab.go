// Package fieldtest opens a simulated pair on sockets, and a configuration that leads
// there, for tests of what looks at servers in the field:
//
//	go test ./harness/field ./harness/compare
package fieldtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
	"github.com/cyrdrill/cyrdrill/sim/front"
)

// The administrator of a lab's servers.
const (
	Admin    = "cyrus"
	Password = "field-secret"
)

// Lab is a simulated pair on sockets, Imap1 the master.
type Lab struct {
	*front.Fronts
	folder string
}

// Open opens a pair with these accounts. It ends with the test.
func Open(t testing.TB, accounts ...string) *Lab {
	t.Helper()
	return OpenSpec(t, target.Spec{Seed: 7, Accounts: accounts})
}

// OpenSpec opens such a pair. It ends with the test.
func OpenSpec(t testing.TB, spec target.Spec) *Lab {
	t.Helper()
	pair, err := sim.NewPair(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	fronts, err := front.Open(context.Background(), pair, front.Options{Admin: Admin, Password: Password})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := fronts.Close(); err != nil {
			t.Error(err)
		}
	})
	l := &Lab{fronts, t.TempDir()}
	l.Keep(t, Password)
	return l
}

// Keep writes what the configuration takes for the administrator's password.
func (l *Lab) Keep(t testing.TB, password string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(l.folder, "password"), []byte(password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Text is a configuration that leads to the pair, without TLS. Edits are pairs of what is
// replaced and by what.
func (l *Lab) Text(t testing.TB, edits ...string) string {
	t.Helper()
	text := "apiVersion: cyrdrill/v1\nservers:\n"
	for _, name := range []target.ServerName{target.Imap1, target.Imap2} {
		role := target.RoleMaster
		if name == target.Imap2 {
			role = target.RoleReplica
		}
		text += fmt.Sprintf("  %s:\n    role: %s\n", name, role)
		for _, service := range front.Services() {
			text += fmt.Sprintf("    %s: %s\n", service, l.Address(name, service))
		}
		text += fmt.Sprintf("    tls: {mode: none}\n    admin: %s\n    password: {file: password}\n", Admin)
	}
	for i := 0; i < len(edits); i += 2 {
		if !strings.Contains(text, edits[i]) {
			t.Fatalf("the configuration has no %q to replace", edits[i])
		}
		text = strings.ReplaceAll(text, edits[i], edits[i+1])
	}
	return text
}

// File writes the configuration, and returns where it is.
func (l *Lab) File(t testing.TB, edits ...string) string {
	t.Helper()
	file := filepath.Join(l.folder, "field.yaml")
	if err := os.WriteFile(file, []byte(l.Text(t, edits...)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Pair opens the pair by the configuration. It is closed with the test.
func (l *Lab) Pair(t testing.TB, edits ...string) *field.Pair {
	t.Helper()
	config, err := field.Load(l.File(t, edits...))
	if err != nil {
		t.Fatal(err)
	}
	pair, err := field.Open(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pair.Close() })
	return pair
}

// Act does something to the simulated pair that must go well.
func (l *Lab) Act(t testing.TB, do func(context.Context, *sim.Pair) error) {
	t.Helper()
	l.Do(func(p *sim.Pair) {
		if err := do(t.Context(), p); err != nil {
			t.Error(err)
		}
	})
}

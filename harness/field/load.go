package field

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/document"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Loaded is a configuration with what it names in files and in the environment.
type Loaded struct {
	*Config
	// Names are the accounts that it names, nil for all.
	Names []string

	passwords [2]string
	roots     [2]*x509.CertPool // nil: the system's
}

// Load reads a configuration and what it names. All that cannot be had is said at once.
func Load(file string) (*Loaded, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, &target.SetupError{Problem: "reading the configuration", Err: err, Mend: "say --config FILE; docs/field.md shows one"}
	}
	config, err := Parse(file, text)
	if err != nil {
		return nil, err
	}
	l := loader{folder: filepath.Dir(file)}
	loaded := &Loaded{Config: config, Names: config.Accounts.Names}
	for i, s := range config.Servers {
		loaded.passwords[i] = l.password(s)
		loaded.roots[i] = l.roots(s.TLS)
	}
	if config.Accounts.File != "" {
		loaded.Names = l.accounts(config.Accounts)
	}
	if err := l.errs.Of(file); err != nil {
		return nil, err
	}
	return loaded, nil
}

type loader struct {
	folder string
	errs   document.Errors
}

// read returns a file that the configuration names, or notes why it cannot.
func (l *loader) read(path, what string, pos document.Pos) ([]byte, bool) {
	if !filepath.IsAbs(path) {
		path = filepath.Join(l.folder, path)
	}
	text, err := os.ReadFile(path)
	if err == nil {
		return text, true
	}
	var cause *fs.PathError
	if errors.As(err, &cause) {
		err = cause.Err
	}
	l.errs.Add(pos, "let it be there and readable for whoever runs cyrdrill", "%s cannot be read: %s: %v", what, path, err)
	return nil, false
}

func (l *loader) password(s ServerConfig) string {
	if s.Password.Env != "" {
		password, set := os.LookupEnv(s.Password.Env)
		if !set || password == "" {
			l.errs.Add(s.Password.pos, fmt.Sprintf("export %s=…", s.Password.Env), "the password of %s is missing: %s is not set", s.Name, s.Password.Env)
		}
		return password
	}
	text, ok := l.read(s.Password.File, "the password of "+string(s.Name), s.Password.pos)
	line, _, _ := bytes.Cut(text, []byte("\n"))
	password := strings.TrimSuffix(string(line), "\r")
	if ok && password == "" {
		l.errs.Add(s.Password.pos, "put it into the file's first line", "the password of %s is missing: %s is empty", s.Name, s.Password.File)
	}
	return password
}

func (l *loader) roots(t TLS) *x509.CertPool {
	if t.CA == "" {
		return nil
	}
	text, ok := l.read(t.CA, "ca", t.pos)
	if !ok {
		return nil
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		l.errs.Add(t.pos, "it begins with -----BEGIN CERTIFICATE-----", "ca holds no certificate: %s", t.CA)
	}
	return pool
}

// accounts reads one name a line.
func (l *loader) accounts(a Accounts) []string {
	text, ok := l.read(a.File, "the file of accounts", a.pos)
	names := []string{}
	seen := map[string]bool{}
	for line := range strings.Lines(string(text)) {
		name := strings.TrimSpace(line)
		if name == "" || strings.HasPrefix(name, "#") || seen[name] {
			continue
		}
		if strings.ContainsAny(name, " \t/*%\"\\") {
			l.errs.Add(a.pos, "leave out blanks and any of / * % \" \\", "in %s: %q cannot be an account's name", a.File, name)
			continue
		}
		seen[name] = true
		names = append(names, name)
	}
	if ok && len(names) == 0 {
		l.errs.Add(a.pos, "write one name a line, or say \"accounts: all\"", "the file of accounts names none: %s", a.File)
	}
	return names
}

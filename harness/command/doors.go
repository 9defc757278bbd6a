package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Doors are a pair's services on sockets, and who may use them.
type Doors struct {
	Admin, Password string
	// Open returns the addresses, and what closes them again.
	Open func(ctx context.Context) (target.Addresses, func() error, error)
}

// Environment tells a command of a pair, as the package's documentation says.
func (d Doors) Environment(servers []target.ServerName, accounts []string, addresses target.Addresses) []string {
	names := make([]string, len(servers))
	for i, server := range servers {
		names[i] = string(server)
	}
	env := []string{
		"CYRDRILL_SERVERS=" + strings.Join(names, " "), "CYRDRILL_ACCOUNTS=" + strings.Join(accounts, " "),
		"CYRDRILL_ADMIN=" + d.Admin, "CYRDRILL_PASSWORD=" + d.Password,
	}
	for _, server := range servers {
		for _, service := range []string{"imap", "lmtp", "sieve", "sync"} {
			env = append(env, fmt.Sprintf("%s=%s", Variable(server, service), addresses[server][service]))
		}
	}
	return env
}

// Variable is the name of the variable that tells something of one server:
// CYRDRILL_IMAP1_SYNC.
func Variable(server target.ServerName, what string) string {
	return "CYRDRILL_" + strings.ToUpper(string(server)) + "_" + strings.ToUpper(what)
}

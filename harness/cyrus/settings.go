package cyrus

import (
	"crypto/rand"
	"os"
	"strings"
	"sync"

	"github.com/testcontainers/testcontainers-go"
	tclog "github.com/testcontainers/testcontainers-go/log"
)

// loopback is where published ports are dialled.
const loopback = "127.0.0.1"

// applySettings tells testcontainers-go what it would find out wrongly on some
// machines. It reads its settings once, from the environment, so this must
// come before its first call. What the user has set stays.
var applySettings = sync.OnceFunc(func() {
	tclog.SetDefault(silent{})
	// Its own reaper is an image that cannot be pulled everywhere. Ours is
	// built with the others, and removes what carries the session's ID.
	setDefault("TESTCONTAINERS_RYUK_DISABLED", "true")
	// Within a container it takes the gateway for the engine's host, which is
	// wrong where the engine runs beside the harness.
	if engine := os.Getenv("DOCKER_HOST"); engine == "" || strings.HasPrefix(engine, "unix:") {
		setDefault("TESTCONTAINERS_HOST_OVERRIDE", loopback)
	}
	chooseSession()
})

// chooseSession gives this process an ID of its own. By default, processes of
// one parent share one, and the first to end would have the others' pairs
// reaped; for the same reason no child may inherit it.
func chooseSession() {
	const variable = "TESTCONTAINERS_SESSION_ID"
	if _, set := os.LookupEnv(variable); set {
		return
	}
	os.Setenv(variable, rand.Text())
	testcontainers.SessionID() // reads it, once and for all
	os.Unsetenv(variable)
}

func setDefault(name, value string) {
	if _, set := os.LookupEnv(name); !set {
		os.Setenv(name, value)
	}
}

// silent keeps the library from writing between a drill's own lines.
type silent struct{}

func (silent) Printf(string, ...any) {}

package docker

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"strings"
)

// ReaperImage removes what a dead harness has left; see docker/reaper.
const ReaperImage = "cyrdrill/reaper:1"

// The labels that docker/build.sh puts on an image.
const (
	// RecipeLabel holds the digest of the recipe that made the image. Where it
	// is not [RecipeDigest] (or [ReaperRecipeDigest]), the image is stale.
	RecipeLabel = "cyrdrill.recipe"
	// VersionLabel holds the Debian version of the server image's Cyrus, as
	// "3.6.1-4+deb12u5".
	VersionLabel = "cyrdrill.version"
)

// The administrator that every server image knows. PLAIN with an authorization
// identity lets it act as any account.
const (
	AdminUser     = "admin"
	AdminPassword = "secret"
)

// What containers of a server image are told by environment, and where they
// keep what the harness writes.
const (
	// FaketimeVariable, set to an offset as "+0", starts Cyrus on a clock that
	// can be moved: by writing another offset to FaketimeFile.
	FaketimeVariable = "CYRDRILL_FAKETIME"
	// FaketimeFile holds the clock's offset from real time, in libfaketime's
	// words: "+0", "+3600", "-2d".
	FaketimeFile = "/run/cyrdrill/faketime"
	// LiveFaketimeFile is its copy in memory, made at each start, which Cyrus
	// reads at every look at the clock.
	LiveFaketimeFile = "/dev/shm/cyrdrill-faketime"
	// SyncShutdownFile asks a master's sync_client to end.
	SyncShutdownFile = "/var/lib/cyrus/sync/shutdown"
)

// FaketimeEnvironment is what a tool that is run in a container needs so that it
// sees the clock that Cyrus there sees.
func FaketimeEnvironment() []string {
	return []string{
		"LD_PRELOAD=/usr/lib/libfaketime.so.1", "FAKETIME_TIMESTAMP_FILE=" + LiveFaketimeFile,
		"FAKETIME_NO_CACHE=1", "DONT_FAKE_MONOTONIC=1", "NO_FAKE_STAT=1",
	}
}

// A running container does as it is told by signals to its first process, and
// by what it finds in NextFile when it starts Cyrus; see docker/cyrus/entrypoint.
const (
	// StartAnewSignal ends everything in the container and starts it anew.
	StartAnewSignal = "USR1"
	// KickSyncClientSignal makes sync_client connect at once.
	KickSyncClientSignal = "USR2"
	// NextFile holds a [First]. It is taken away as that begins.
	NextFile = "/etc/cyrdrill-next"
	// NextSuffix stands behind the name of a configuration file for the life to come:
	// it takes the old one's place once the old life has ended. What Cyrus's master
	// process starts until then reads the old one.
	NextSuffix = ".next"
)

// First says what is done in a container before Cyrus is started.
type First string

const (
	// Wipe removes all mail and state.
	Wipe First = "wipe"
	// KeepData leaves them.
	KeepData First = "keep"
)

//go:embed cyrus reaper
var recipes embed.FS

// Image names the server image of a Debian suite.
func Image(suite string) string {
	return "cyrdrill/cyrus:" + suite
}

// RecipeDigest says by which recipe the image of a suite has to be made.
func RecipeDigest(suite string) string {
	return recipeDigest(recipes, "cyrus", suite)
}

// ReaperRecipeDigest says by which recipe [ReaperImage] has to be made.
func ReaperRecipeDigest() string {
	return recipeDigest(recipes, "reaper", "")
}

// recipeDigest is the SHA-256 of what sha256sum prints for a recipe's files, in
// the order of their names, and of one more line: docker/build.sh computes the
// same in shell. Tests are no part of a recipe.
func recipeDigest(files fs.FS, folder, extra string) string {
	sum := sha256.New()
	err := fs.WalkDir(files, folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || strings.HasSuffix(path, "_test.go") {
			return err
		}
		content, err := fs.ReadFile(files, path)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(sum, "%x  %s\n", sha256.Sum256(content), strings.TrimPrefix(path, folder+"/"))
		return err
	})
	if err != nil {
		panic(fmt.Sprintf("reading the embedded recipe %s: %v", folder, err)) // the program was built wrongly
	}
	io.WriteString(sum, extra+"\n")
	return hex.EncodeToString(sum.Sum(nil))
}

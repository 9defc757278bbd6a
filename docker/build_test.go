package docker

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fakeDocker is the docker command as build.sh uses it. It writes down each
// call that changes something, knows the labels in its folder, and fails to
// build where told so.
const fakeDocker = `#!/bin/sh
here=$(dirname "$0")
case "$1 $2" in
"version "*) echo 28.0 ;;
"image inspect")
    for image; do :; done
    case "$*" in
    *cyrdrill.recipe*) cat "$here/$(echo "$image" | tr / _)" 2>/dev/null ;;
    *cyrdrill.version*) echo 1.2.3 ;;
    *) exit 0 ;;
    esac ;;
"build --iidfile")
    echo "build" >>"$here/calls"
    [ ! -e "$here/broken" ] || { cat "$here/broken"; exit 1; }
    echo sha256:new >"$3" ;;
"build --tag")
    cat >>"$here/calls"
    rm "$here/broken" ;;
"run "*) echo 1.2.3-4 ;;
"create "*) echo container ;;
"commit "*) echo "$*" >>"$here/calls" ;;
esac
`

// buildWith runs build.sh with the fake docker; recipes are the labels of the
// images that are there, and broken is what the first build fails with.
func buildWith(t *testing.T, recipes map[string]string, broken string) (calls, output string, status int) {
	t.Helper()
	folder := t.TempDir()
	write := func(name, content string, mode os.FileMode) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("docker", fakeDocker, 0o755)
	for image, recipe := range recipes {
		write(strings.ReplaceAll(image, "/", "_"), recipe+"\n", 0o644)
	}
	if broken != "" {
		write("broken", broken, 0o644)
	}
	command := exec.CommandContext(t.Context(), "./build.sh", "bookworm")
	command.Env = append(os.Environ(), "PATH="+folder+":"+os.Getenv("PATH"))
	out, err := command.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	made, err := os.ReadFile(filepath.Join(folder, "calls"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(made), string(out), command.ProcessState.ExitCode()
}

func TestBuildMakesWhatIsMissingOrStale(t *testing.T) {
	server, reaper := RecipeDigest("bookworm"), ReaperRecipeDigest()
	made := "build\ncommit --change LABEL cyrdrill.recipe=" + server +
		" --change LABEL cyrdrill.version=1.2.3-4 container cyrdrill/cyrus:bookworm\n"
	for name, test := range map[string]struct {
		images map[string]string
		broken string
		calls  string
		status int
	}{
		"all there": {images: map[string]string{Image("bookworm"): server, ReaperImage: reaper}},
		"missing":   {images: map[string]string{ReaperImage: reaper}, calls: made},
		"stale":     {images: map[string]string{Image("bookworm"): "0123", ReaperImage: reaper}, calls: made},
		"of another suite": {
			images: map[string]string{Image("bookworm"): RecipeDigest("sid"), ReaperImage: reaper},
			calls:  made,
		},
		// Nothing may get the tag, and with it the label, but a finished image.
		"build fails": {images: map[string]string{ReaperImage: reaper}, broken: "no space left\n", calls: "build\n", status: 1},
		"the security mirror has not what it lists": {
			images: map[string]string{ReaperImage: reaper},
			broken: "E: Failed to fetch http://security.example/cyrus-imapd_3.2.6_amd64.deb  404  Not Found\n",
			calls: "build\nFROM cyrdrill/base:bookworm\nRUN printf '%s\\n' 'Package: *cyrus*' 'Pin: release l=Debian-Security' " +
				"'Pin-Priority: -1' >/etc/apt/preferences.d/cyrus\n" + made,
		},
	} {
		t.Run(name, func(t *testing.T) {
			calls, output, status := buildWith(t, test.images, test.broken)
			if calls != test.calls || status != test.status {
				t.Errorf("build.sh ended with %d, want %d, and called\n%swant\n%sit said\n%s",
					status, test.status, calls, test.calls, output)
			}
		})
	}
}

func TestBuildSaysWhatIsMissing(t *testing.T) {
	for name, test := range map[string]struct{ host, suite, want string }{
		"no engine": {host: "unix:///nowhere.sock", suite: "bookworm", want: "docker"},
		"no suite":  {suite: "book worm", want: `"book worm" is no Debian suite`},
	} {
		t.Run(name, func(t *testing.T) {
			command := exec.CommandContext(t.Context(), "./build.sh", test.suite)
			command.Env = append(os.Environ(), "DOCKER_HOST="+test.host)
			out, _ := command.CombinedOutput()
			lines := strings.Count(string(out), "\n")
			if status := command.ProcessState.ExitCode(); status != 2 || lines != 1 || !strings.Contains(string(out), test.want) {
				t.Errorf("build.sh ended with %d and said\n%swant 2 and one line with %q", status, out, test.want)
			}
		})
	}
}

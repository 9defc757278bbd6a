package docker

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/fstest"
)

func recipeFiles() fstest.MapFS {
	return fstest.MapFS{
		"cyrus/Dockerfile":      {Data: []byte("FROM scratch\n")},
		"cyrus/entrypoint":      {Data: []byte("#!/bin/sh\n")},
		"cyrus/sub/more":        {Data: []byte("more\n")},
		"cyrus/recipe_test.go":  {Data: []byte("package x\n")},
		"reaper/something-else": {Data: []byte("else\n")},
	}
}

func TestRecipeDigestChangesWithTheRecipe(t *testing.T) {
	before := recipeDigest(recipeFiles(), "cyrus", "bookworm")
	set := func(name, content string) fstest.MapFS {
		files := recipeFiles()
		files[name] = &fstest.MapFile{Data: []byte(content)}
		return files
	}
	renamed := set("cyrus/entry", "#!/bin/sh\n")
	delete(renamed, "cyrus/entrypoint")

	for name, test := range map[string]struct {
		files fstest.MapFS
		suite string
		same  bool
	}{
		"nothing changed":      {files: recipeFiles(), suite: "bookworm", same: true},
		"another suite":        {files: recipeFiles(), suite: "trixie"},
		"a file's content":     {files: set("cyrus/entrypoint", "#!/bin/sh -e\n"), suite: "bookworm"},
		"a file further down":  {files: set("cyrus/sub/more", "less\n"), suite: "bookworm"},
		"a new file":           {files: set("cyrus/new", ""), suite: "bookworm"},
		"a file's name":        {files: renamed, suite: "bookworm"},
		"a test":               {files: set("cyrus/recipe_test.go", "package y\n"), suite: "bookworm", same: true},
		"another recipe alone": {files: set("reaper/something-else", "x"), suite: "bookworm", same: true},
	} {
		t.Run(name, func(t *testing.T) {
			after := recipeDigest(test.files, "cyrus", test.suite)
			if (after == before) != test.same {
				t.Errorf("digest %s, before %s; want the same: %v", after, before, test.same)
			}
		})
	}
}

// TestRecipeDigestIsTheScripts holds the digest against the one that
// docker/build.sh computes: were they to differ, every image would be stale.
func TestRecipeDigestIsTheScripts(t *testing.T) {
	for _, test := range []struct{ folder, extra, want string }{
		{"cyrus", "bookworm", RecipeDigest("bookworm")},
		{"cyrus", "sid", RecipeDigest("sid")},
		{"reaper", "", ReaperRecipeDigest()},
	} {
		command := exec.CommandContext(t.Context(), "bash", "-c",
			`source ./build.sh; recipe_digest "$@"`, "test", test.folder, test.extra)
		command.Stderr = os.Stderr
		out, err := command.Output()
		if err != nil {
			t.Fatalf("asking build.sh for the digest of %s: %v", test.folder, err)
		}
		if got := strings.TrimSpace(string(out)); got != test.want {
			t.Errorf("build.sh computes %s for %s %q, Go %s", got, test.folder, test.extra, test.want)
		}
	}
}

// TestRecipeKnowsTheAdministrator holds the constants against the recipe, which
// cannot read them.
func TestRecipeKnowsTheAdministrator(t *testing.T) {
	recipe := read(t, "cyrus/Dockerfile")
	if want := "printf '%s' " + AdminPassword + " | saslpasswd2 -p -c -u \"$server\" " + AdminUser; !strings.Contains(recipe, want) {
		t.Errorf("cyrus/Dockerfile does not hold %q", want)
	}
	entrypoint := read(t, "cyrus/entrypoint")
	for _, want := range []string{FaketimeVariable, FaketimeFile} {
		if !strings.Contains(entrypoint, want) {
			t.Errorf("cyrus/entrypoint does not know %q", want)
		}
	}
	if script := read(t, "build.sh"); !strings.Contains(script, "reaper_image="+ReaperImage+"\n") {
		t.Errorf("build.sh does not make %s", ReaperImage)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

package explore

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/plan"
)

// StateFile is where a campaign's directory has its state.
const StateFile = "state.json"

// Save writes the state into a directory such that a campaign that is killed meanwhile
// leaves the one before.
func (s *State) Save(directory string) error {
	text, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	return replace(filepath.Join(directory, StateFile), text)
}

// replace writes a file anew, or leaves it as it was.
func replace(path string, text []byte) error {
	beside := path + ".new"
	if err := writeSynced(beside, text); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.Rename(beside, path); err != nil {
		return fmt.Errorf("putting %s in its place: %w", path, err)
	}
	return nil
}

func writeSynced(path string, text []byte) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err = f.Write(text); err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	return err
}

// LoadState reads the state of the campaign in a directory.
func LoadState(directory string) (*State, error) {
	path := filepath.Join(directory, StateFile)
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the campaign: %w", err)
	}
	s := NewState("", 0, Limits{})
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("%s is no campaign's state: %w", path, err)
	}
	if s.APIVersion != StateVersion {
		return nil, fmt.Errorf("%s is of version %q, and this reads %q: begin a new campaign", path, s.APIVersion, StateVersion)
	}
	return s, nil
}

// unfit is what a file's name does not have.
var unfit = regexp.MustCompile(`[^a-z0-9]+`)

// FileName is the name of the file that holds a group's smallest plan.
func (g Group) FileName() string {
	name := strings.Trim(unfit.ReplaceAllString(strings.ToLower(string(g.Failure.Sort)+"-"+g.Failure.Name), "-"), "-")
	return fmt.Sprintf("%s-%d.yaml", name, g.Drill)
}

// SavePlans writes the smallest plan of each group into a directory, each with what it
// shows in its description.
func (t *Tally) SavePlans(directory string) error {
	if err := os.MkdirAll(directory, 0o777); err != nil {
		return fmt.Errorf("making a place for plans: %w", err)
	}
	for _, g := range t.Groups {
		p, err := plan.Parse(g.FileName(), []byte(g.Plan), drill.Names())
		if err != nil {
			return err
		}
		p.Name, p.Title = strings.TrimSuffix(g.FileName(), ".yaml"), "What exploration found: "+string(g.Failure.Sort)+" "+g.Failure.Name
		if len(p.Name) > 64 {
			p.Name = fmt.Sprintf("found-%d", g.Drill)
		}
		p.Description = strings.ToValidUTF8(g.Failure.Text, "") + "\n"
		if err := replace(filepath.Join(directory, g.FileName()), plan.Format(p)); err != nil {
			return err
		}
	}
	return nil
}

package salvage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// freezeVersion is the version of a file that keeps a freeze.
const freezeVersion = "cyrdrill.freeze/v1"

type filedFreeze struct {
	APIVersion string          `json:"apiVersion"`
	Freeze     *restore.Freeze `json:"freeze"`
}

// freezeOf takes the freeze, or reads it where it was kept.
func freezeOf(ctx context.Context, pair *field.Pair, file string, names []string) (*restore.Freeze, error) {
	rescued, serving := pair.Servers[0], pair.Servers[1]
	if file != "" {
		freeze, err := readFreeze(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if err == nil {
			return freeze, fits(file, freeze, names, rescued.Name(), serving.Name())
		}
	}
	freeze, err := restore.FreezeApart(ctx, realtime.Time{}, few{}, rescued, serving, names)
	if err != nil || file == "" {
		return freeze, err
	}
	err = WriteFile(file, func(w io.Writer) error { return json.NewEncoder(w).Encode(filedFreeze{freezeVersion, freeze}) })
	if err != nil {
		return nil, fmt.Errorf("keeping the freeze: %w", err)
	}
	return freeze, nil
}

func readFreeze(file string) (*restore.Freeze, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading the freeze: %w", err)
	}
	defer f.Close() // it was only read
	var filed filedFreeze
	err = json.NewDecoder(f).Decode(&filed)
	if err != nil || filed.APIVersion != freezeVersion || filed.Freeze == nil {
		return nil, &target.SetupError{Problem: file + " is no freeze, or not a whole one", Mend: "name another file, or none"}
	}
	return filed.Freeze, nil
}

// LastUse returns when each account was last used, as far as the freeze in a file tells.
// Where there is no such file nothing does.
func LastUse(file string) (map[string]time.Time, error) {
	freeze, err := readFreeze(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return restore.LastUse(freeze), nil
}

// fits says why a freeze is not of these servers and accounts.
func fits(file string, freeze *restore.Freeze, names []string, servers ...target.ServerName) error {
	for _, server := range servers {
		side, err := freeze.Side(server)
		if err != nil {
			return &target.SetupError{Problem: file + " is the freeze of other servers", Err: err, Mend: "name another file, or none"}
		}
		i := slices.IndexFunc(names, func(name string) bool { _, there := side.Accounts[name]; return !there })
		if i >= 0 {
			return &target.SetupError{Problem: fmt.Sprintf("the freeze in %s does not hold account %s", file, names[i]), Mend: "name the accounts that it holds, or another file"}
		}
	}
	return nil
}

// WriteFile puts a file into the place of the one before when it is whole.
func WriteFile(name string, render func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, err)
	}
	err = errors.Join(render(f), f.Sync(), f.Close()) // made for its owner alone
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", name, errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

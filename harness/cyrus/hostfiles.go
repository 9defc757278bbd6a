package cyrus

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/hostview"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// looks fails where nothing can be looked at in the container.
func (v hostView) looks(ctx context.Context, what string) error {
	found, err := v.pair.engine.inspect(ctx, v.id)
	if err != nil {
		return fmt.Errorf("looking at %s: %w", v.name, err)
	}
	if !found.State.Running || found.State.Paused {
		return &target.UnsupportedError{Target: "a server that is down", What: what}
	}
	return nil
}

// look runs a command that looks at the server's files.
func (v hostView) look(ctx context.Context, command []string) ([]byte, error) {
	if v.pair.differences().foldersByName {
		return nil, &target.UnsupportedError{Target: "a Cyrus that names folders as mailboxes", What: "looks at its files"}
	}
	if err := v.looks(ctx, "lists of the files on its disk"); err != nil {
		return nil, err
	}
	return v.pair.engine.execWithin(ctx, toolWithin, v.id, "cyrus", command...)
}

// Files implements [target.HostView].
func (v hostView) Files(ctx context.Context, account string) ([]target.MailboxFiles, error) {
	said, err := v.look(ctx, layout.FilesCommand(account))
	if err == nil {
		var files []target.MailboxFiles
		if files, err = hostview.ParseFiles(account, said); err == nil {
			return files, nil
		}
	}
	return nil, fmt.Errorf("listing the message files of %s on %s: %w", account, v.name, err)
}

// Databases implements [target.HostView].
func (v hostView) Databases(ctx context.Context, accounts []string) ([]target.Database, error) {
	said, err := v.look(ctx, layout.DatabasesCommand(accounts))
	if err == nil {
		var found []target.Database
		if found, err = hostview.ParseDatabases(accounts, said); err == nil {
			return found, nil
		}
	}
	return nil, fmt.Errorf("looking at the databases of %s: %w", v.name, err)
}

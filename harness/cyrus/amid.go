package cyrus

import (
	"context"
	_ "embed"
	"fmt"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/mailboxname"
)

var (
	_ target.ToolSaboteur   = saboteur{}
	_ target.BackupSaboteur = saboteur{}
)

//go:embed amid.pl
var amidScript string

// KillAmidReconstruct implements [target.ToolSaboteur].
func (b saboteur) KillAmidReconstruct(ctx context.Context, name target.ServerName, account, mailbox string) (target.Evidence, error) {
	s := b.pair.server(name)
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("killing %s amid a reconstruct of %s of %s: %w", name, mailbox, account, err)
	}
	folder, err := s.folder(ctx, account, mailbox)
	if err != nil {
		return fail(err)
	}
	command := s.toolCommand("/usr/lib/cyrus/bin/reconstruct", mailboxname.Tool(account, mailbox))
	said, err := s.pair.engine.execWithin(ctx, greetWithin, s.id, "cyrus", append([]string{"perl", "-e", amidScript, folder}, command...)...)
	if err != nil {
		return fail(fmt.Errorf("it ended before it was seen at work: %w", err))
	}
	pid, open, _ := strings.Cut(strings.TrimSpace(string(said)), "\n")
	if open == "" {
		return fail(fmt.Errorf("reconstruct (pid %s) was not seen at work", pid))
	}
	evidence, err := b.KillServer(ctx, name)
	if err != nil {
		return fail(err)
	}
	evidence.Summary = fmt.Sprintf("%s was killed while reconstruct worked on %s of %s", name, mailbox, account)
	evidence.Facts = append(evidence.Facts, target.Fact{
		What: fmt.Sprintf("reconstruct (pid %s) on %s", pid, name), Before: "at work, with " + strings.TrimSpace(open) + " open", After: "killed",
	})
	return evidence, nil
}

// backups is where a container keeps backups: in no volume, so that no wipe of the
// mail takes them, and under the mailbox's own path.
const backups = "/var/backups/cyrdrill"

// BackUp implements [target.BackupSaboteur].
func (b saboteur) BackUp(ctx context.Context, name target.ServerName, account, mailbox string) error {
	s := b.pair.server(name)
	folder, err := s.folder(ctx, account, mailbox)
	if err == nil {
		const copying = `rm -rf "$2$1"; mkdir -p "$2$1"; cp -a "$1/." "$2$1"`
		_, err = s.pair.engine.exec(ctx, s.id, "", "sh", "-euc", copying, "backup", folder, backups)
	}
	if err != nil {
		return fmt.Errorf("backing up %s of %s on %s: %w", mailbox, account, name, err)
	}
	return nil
}

// PutBack implements [target.BackupSaboteur].
func (b saboteur) PutBack(ctx context.Context, name target.ServerName, account, mailbox string) (target.Evidence, error) {
	s := b.pair.server(name)
	folder, err := s.folder(ctx, account, mailbox)
	if err != nil {
		return target.Evidence{}, err
	}
	return s.measured(ctx, fmt.Sprintf("%s of %s was put back from an old backup", mailbox, account), "directory of "+mailbox,
		`echo "$(ls "$one" | wc -l) files, index $(sha1sum <"$one/cyrus.index" | cut -c1-12)"`,
		`[ -d "$two$one" ]; cp -a "$two$one" "$one-"; mv "$one" "$one-old"; mv "$one-" "$one"; rm -r "$one-old"`, folder, backups)
}

package fault

import (
	"context"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// OldBackupRestored puts a mailbox of a server back to what it was a while ago: what
// has arrived since is gone there, and UIDs and modseqs go back.
type OldBackupRestored struct{}

// Name implements [Fault].
func (OldBackupRestored) Name() string { return "old-backup-restored" }

// Doc implements [Fault].
func (OldBackupRestored) Doc() string {
	return "`count` mailboxes are put back from a backup that is older than their last message: UIDs and modseqs go back on one side"
}

// Effects implements [Fault].
func (OldBackupRestored) Effects() Effects {
	return Effects{Breaks: BothSides, NeedsReplication: true, EitherSide: true, HurtsMailboxes: true}
}

// Inject implements [Fault].
func (OldBackupRestored) Inject(ctx context.Context, scene Scene) (Instance, error) {
	backups, err := hand[target.BackupSaboteur](scene, "backups that are put back")
	if err != nil {
		return nil, err
	}
	if len(scene.Mailboxes) == 0 {
		return nil, errNoMailbox
	}
	source := asMaster(scene)
	if err := workedOff(ctx, source); err != nil {
		return nil, err
	}
	var evidence target.Evidence
	var lost []gone
	for i, m := range scene.Mailboxes {
		if err := backups.BackUp(ctx, scene.On, m.Account, m.Mailbox); err != nil {
			return nil, err
		}
		since, err := appendInto(ctx, source.Pair.Server(source.On), m, burden(i))
		if err != nil {
			return nil, err
		}
		since.place.Server = scene.On
		lost = append(lost, since)
	}
	if err := workedOff(ctx, source); err != nil {
		return nil, err
	}
	for _, m := range scene.Mailboxes {
		back, err := backups.PutBack(ctx, scene.On, m.Account, m.Mailbox)
		if err != nil {
			return nil, err
		}
		evidence = evidence.And(back)
	}
	return &standing{
		evidence: evidence, damage: missing(target.MessageMissing, lost, "it came after the backup that was put back"),
		live: func(ctx context.Context) (bool, error) { return anyMissing(ctx, scene.Pair, lost) },
	}, nil
}

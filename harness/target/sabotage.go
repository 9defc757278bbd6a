package target

import (
	"context"
	"fmt"
	"strings"
)

// Saboteur breaks things, layer by layer, always from outside Cyrus. Only
// faults get one. Further layers (files, index records, lists, scripts,
// network, disk, clock) are separate interfaces that a pair's saboteur may
// implement as well; a fault asserts the one that it needs and is unsupported
// on a target without it.
type Saboteur interface {
	// Suspend stops every process of that name on the server with SIGSTOP:
	// they stay there, hold what they hold, and do nothing.
	Suspend(ctx context.Context, server ServerName, process string) (Evidence, error)
	// Resume lets suspended processes go on (SIGCONT).
	Resume(ctx context.Context, server ServerName, process string) (Evidence, error)
	// KillServer ends all processes of the server at once (SIGKILL), without a
	// word to anybody. What the kernel had been given stays on its disk.
	KillServer(ctx context.Context, server ServerName) (Evidence, error)
}

// ServerHanger is a saboteur that can make a server hang: connections are
// accepted by the kernel, and nobody answers.
type ServerHanger interface {
	Hang(ctx context.Context, server ServerName) (Evidence, error)
	Unhang(ctx context.Context, server ServerName) (Evidence, error)
}

// ReplicationSaboteur breaks rolling replication otherwise than by a signal.
type ReplicationSaboteur interface {
	// LoseSyncLog ends sync_client and its master process's will to start it
	// again, and removes both files of the sync log: what was in them will not
	// be replicated, and nothing says so.
	LoseSyncLog(ctx context.Context, server ServerName) (Evidence, error)
}

// IndexSaboteur damages the files of a mailbox's index.
type IndexSaboteur interface {
	// TruncateIndex cuts cyrus.index off within its header.
	TruncateIndex(ctx context.Context, server ServerName, account, mailbox string) (Evidence, error)
	// DamageRecord flips two bytes in the first record of cyrus.index, so that
	// its checksum no longer holds.
	DamageRecord(ctx context.Context, server ServerName, account, mailbox string) (Evidence, error)
	// SpoilIndex damages cyrus.index as a file, its header first.
	SpoilIndex(ctx context.Context, server ServerName, account, mailbox string, harm Harm) (Evidence, error)
	// WipeRecord turns the record of a message into one of no message, with a
	// checksum that holds.
	WipeRecord(ctx context.Context, server ServerName, account, mailbox string, uid uint32) (Evidence, error)
}

// ScriptSaboteur puts another script in the place of an account's own. Neither
// act is noticed by replication.
type ScriptSaboteur interface {
	// ReplaceSource overwrites the stored source, and compiles it, as if a
	// change of the script had never arrived.
	ReplaceSource(ctx context.Context, server ServerName, account, script string, source []byte) (Evidence, error)
	// ReplaceCompiled overwrites the bytecode alone, with a fresh date: the
	// script that is shown is no longer the one that runs.
	ReplaceCompiled(ctx context.Context, server ServerName, account, script string, source []byte) (Evidence, error)
}

// Evidence is proof that something landed: what was there before, what after.
type Evidence struct {
	Summary string `json:"summary"` // one line, in an operator's words
	Facts   []Fact `json:"facts,omitempty"`
}

// Fact is one thing that was measured before and after.
type Fact struct {
	What   string `json:"what"` // "state of sync_client (pid 87) on imap1"
	Before string `json:"before"`
	After  string `json:"after"`
}

// Landed says whether there is any evidence at all: a summary and at least one
// fact that changed.
func (e Evidence) Landed() bool {
	for _, f := range e.Facts {
		if f.Before != f.After {
			return e.Summary != ""
		}
	}
	return false
}

// And returns the evidence of both, the receiver's summary first.
func (e Evidence) And(more Evidence) Evidence {
	parts := make([]string, 0, 2)
	for _, s := range []string{e.Summary, more.Summary} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	facts := make([]Fact, 0, len(e.Facts)+len(more.Facts))
	facts = append(append(facts, e.Facts...), more.Facts...)
	return Evidence{Summary: strings.Join(parts, "; "), Facts: facts}
}

func (f Fact) String() string { return fmt.Sprintf("%s: %s → %s", f.What, f.Before, f.After) }

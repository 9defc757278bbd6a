package detect

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// SpoolCheck holds each message file against what the index recorded of it. The files
// are hashed where they lie, so that no mail is sent. It sees what [BodyCompare] sees,
// and what no user is given: files of which no record tells, and files out of Cyrus's
// reach.
type SpoolCheck struct{}

// Name implements [Detector].
func (SpoolCheck) Name() string { return "spool-check" }

// Doc implements [Detector].
func (SpoolCheck) Doc() string {
	return "hashes every message file where it lies, and compares it with the digest in the index"
}

// Promise implements [Detector].
func (SpoolCheck) Promise() Promise {
	return atOnce(target.BodyDiffers, target.StrayFile, target.FileInaccessible)
}

// Detect implements [Detector]. A mailbox whose index cannot be read is passed over: of
// its files nothing can be told, and that it cannot be read is for others to find.
func (d SpoolCheck) Detect(ctx context.Context, scene Scene) ([]Finding, error) {
	servers, err := scene.servers()
	if err != nil {
		return nil, err
	}
	if servers, err = awake(ctx, servers); err != nil {
		return nil, err
	}
	return scene.eachAccount(ctx, d.Name(), func(ctx context.Context, account string) ([]Finding, error) {
		return scene.sure(ctx, func(ctx context.Context) ([]Finding, error) { return spoolsOf(ctx, scene, servers, account) })
	})
}

// spoolsOf looks once at an account's files on each server.
func spoolsOf(ctx context.Context, scene Scene, servers []target.Server, account string) ([]Finding, error) {
	spools := make([]spool, len(servers))
	tasks := make([]func(context.Context) error, len(servers))
	for i, server := range servers {
		spools[i] = spool{server: server, account: account}
		tasks[i] = func(ctx context.Context) error { return spools[i].read(ctx, scene.Executor) }
	}
	if err := scene.Executor.Run(ctx, tasks...); err != nil {
		return nil, err
	}
	var found []Finding
	for i := range spools {
		found = append(found, spools[i].check(spools[len(spools)-1-i])...)
	}
	return found, nil
}

// spool is an account's message files on one server, and what is recorded of them.
type spool struct {
	server  target.Server
	account string
	files   []target.MailboxFiles
	indexes map[string]target.Mailbox // by name; those that could be read
}

// read looks at files and indexes side by side, since either takes its time. What has
// changed between the two is told from damage by a second look.
func (s *spool) read(ctx context.Context, executor target.Executor) error {
	err := executor.Run(ctx, func(ctx context.Context) (err error) {
		s.files, err = s.server.Host().Files(ctx, s.account)
		return err
	}, func(ctx context.Context) (err error) {
		s.indexes, err = readable(ctx, s.server, s.account)
		return err
	})
	for _, m := range s.files {
		if _, read := s.indexes[m.Mailbox]; !read && err == nil {
			err = readInto(ctx, s.indexes, s.server, s.account, m.Mailbox)
		}
	}
	return err
}

// bodies are the GUIDs of messages whose files are whole.
func (s *spool) bodies() map[string]bool {
	whole := map[string]bool{}
	for _, m := range s.files {
		for _, f := range m.Messages {
			whole[f.SHA1] = true
		}
	}
	return whole
}

// check compares files with records. The other side is believed right about a message
// of which it has a file that is what its GUID says.
func (s *spool) check(other spool) []Finding {
	var found []Finding
	var elsewhere map[string]bool // filled when it is first asked for
	for _, m := range s.files {
		index, read := s.indexes[m.Mailbox]
		if !read {
			continue
		}
		pairFiles(index.Records, m.Messages, func(r *target.Record, f *target.SpoolFile) {
			for _, bad := range judgeFile(r, f) {
				bad.Server, bad.Account, bad.Mailbox = s.server.Name(), s.account, m.Mailbox
				if bad.Kind == target.BodyDiffers && other.server.Name() != s.server.Name() {
					if elsewhere == nil {
						elsewhere = other.bodies()
					}
					if elsewhere[bad.GUID] {
						bad.Right = other.server.Name()
					}
				}
				found = append(found, bad)
			}
		})
	}
	return found
}

// pairFiles walks records and files, each in order of UID, side by side.
func pairFiles(records []target.Record, files []target.SpoolFile, each func(*target.Record, *target.SpoolFile)) {
	i, j := 0, 0
	for i < len(records) || j < len(files) {
		switch {
		case j == len(files) || i < len(records) && records[i].UID < files[j].UID:
			each(&records[i], nil)
			i++
		case i == len(records) || files[j].UID < records[i].UID:
			each(nil, &files[j])
			j++
		default:
			each(&records[i], &files[j])
			i++
			j++
		}
	}
}

// judgeFile says what is wrong with a message's file. What a tombstone's is like is
// nobody's loss: it goes with the next cyr_expire.
func judgeFile(r *target.Record, f *target.SpoolFile) []Finding {
	if r == nil {
		return []Finding{{
			Kind: target.StrayFile, Place: target.Place{UID: f.UID, GUID: f.SHA1},
			Evidence: fmt.Sprintf("there is a file of %d bytes, and no record of that UID", f.Size),
		}}
	}
	if r.Expunged {
		return nil
	}
	var found []Finding
	bad := func(kind target.Kind, format string, args ...any) {
		found = append(found, Finding{Kind: kind, Place: target.Place{UID: r.UID, GUID: r.GUID}, Evidence: fmt.Sprintf(format, args...)})
	}
	if f != nil && !f.Accessible {
		bad(target.FileInaccessible, "its file has an owner or a mode by which Cyrus may not read and write it")
	}
	switch {
	case f == nil:
		bad(target.BodyDiffers, "the index recorded SHA-1 %.12s, and there is no file", r.GUID)
	case f.SHA1 == "":
		bad(target.BodyDiffers, "the index recorded SHA-1 %.12s, and the file cannot be read", r.GUID)
	case f.SHA1 != r.GUID:
		bad(target.BodyDiffers, "the index recorded SHA-1 %.12s and %d bytes, and the file has %.12s and %d bytes", r.GUID, r.Size, f.SHA1, f.Size)
	}
	return found
}

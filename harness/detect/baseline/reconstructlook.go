package baseline

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// ReconstructLook runs reconstruct -n on each mailbox of both servers and reads what it
// prints: its exit status is 0 whatever it finds. It compares an index with its own
// mailbox's files, so it knows nothing of the other side, and without -G nothing of what is
// in the files. Of a mailbox whose index cannot be opened it says nothing at all but its
// complaint on standard error. And it does change something: a record whose checksum does
// not hold is gone afterwards, and its message with it.
type ReconstructLook struct{ Operator target.Operator }

// Name implements [detect.Detector].
func (ReconstructLook) Name() string { return "baseline-reconstruct-n" }

// Doc implements [detect.Detector].
func (ReconstructLook) Doc() string {
	return "runs reconstruct -n on each mailbox, and reads what it prints"
}

// Promise implements [detect.Detector].
func (ReconstructLook) Promise() detect.Promise {
	return detect.Promise{Kinds: []target.Kind{target.MailboxUnreadable, target.StrayFile}, Rounds: 1, Probability: 1}
}

// Alters implements [Alterer]: -n is no dry run on a record that is damaged.
func (ReconstructLook) Alters() bool { return true }

// Detect implements [detect.Detector].
func (d ReconstructLook) Detect(ctx context.Context, scene detect.Scene) ([]detect.Finding, error) {
	servers, err := scene.Servers()
	if err != nil {
		return nil, err
	}
	return scene.EachAccount(ctx, d.Name(), func(ctx context.Context, account string) ([]detect.Finding, error) {
		var found []detect.Finding
		for _, server := range servers {
			names, err := server.User().Listed(ctx, account)
			if err != nil {
				return nil, fmt.Errorf("listing the mailboxes of %s on %s: %w", account, server.Name(), err)
			}
			for _, name := range names {
				if !target.IsMail(name) {
					continue
				}
				at := target.Place{Server: server.Name(), Account: account, Mailbox: name}
				told, err := d.look(ctx, at)
				if err != nil {
					return nil, err
				}
				found = append(found, told...)
			}
		}
		return found, nil
	})
}

// look runs the tool on one mailbox. That it printed no name of the mailbox, and so no
// operator knows what it did, is what an index looks like that it could not open.
func (d ReconstructLook) look(ctx context.Context, at target.Place) ([]detect.Finding, error) {
	said, err := d.Operator.Reconstruct(ctx, at.Server, at.Account, at.Mailbox, target.LookOnly)
	if err != nil && (ctx.Err() != nil || !strings.Contains(err.Error(), noSuchMailbox)) {
		return nil, fmt.Errorf("looking at %s by reconstruct -n: %w", at, err)
	}
	if err != nil {
		return []detect.Finding{{Kind: target.MailboxUnreadable, Place: at, Evidence: "reconstruct -n printed nothing: " + said}}, nil
	}
	var found []detect.Finding
	for line := range strings.Lines(said) {
		f, matters := readLine(at, strings.TrimSpace(line))
		if matters && !slices.ContainsFunc(found, func(of detect.Finding) bool { return of.Key() == f.Key() }) {
			found = append(found, f)
		}
	}
	return found, nil
}

// noSuchMailbox is what an operator's reconstruct says of a tool that named no mailbox.
const noSuchMailbox = "found no such mailbox"

// What the tool prints of one message.
var (
	fileLost  = regexp.MustCompile(` uid (\d+) not found`)
	fileStray = regexp.MustCompile(` uid (\d+) found - adding`)
	rotten    = regexp.MustCompile(` uid (\d+) rediscovered - appending`)
	unopened  = regexp.MustCompile(`failed to read (?:index header|header file)|format corruption`)
)

func readLine(at target.Place, line string) (detect.Finding, bool) {
	kind := target.Kind("")
	for _, rule := range []struct {
		line *regexp.Regexp
		kind target.Kind
	}{
		{fileLost, target.BodyDiffers}, {fileStray, target.StrayFile}, {rotten, target.StrayFile}, {unopened, target.MailboxUnreadable},
	} {
		groups := rule.line.FindStringSubmatch(line)
		if groups == nil {
			continue
		}
		kind = rule.kind
		if len(groups) > 1 {
			if uid, err := strconv.ParseUint(groups[1], 10, 32); err == nil {
				at.UID = uint32(uid)
			}
		}
		break
	}
	return detect.Finding{Kind: kind, Place: at, Evidence: "reconstruct -n says: " + line}, kind != ""
}

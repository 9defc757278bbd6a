package conform

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// states takes both servers' snapshots of each account. What cannot be taken is a
// fact as well: how the server answered.
func (r *runner) states(ctx context.Context, bodies bool) ([]string, error) {
	var facts []string
	for _, account := range Accounts() {
		var snaps []target.Snapshot
		for _, server := range r.pair.Servers() {
			snap, err := target.TakeSnapshot(ctx, server, account, target.LevelIndex)
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			if err != nil {
				facts = append(facts, fmt.Sprintf("%s on %s: %s", account, server.Name(), answer(err)))
				continue
			}
			if bodies {
				facts = append(facts, r.listed(ctx, server, account))
				facts = append(facts, r.bodies(ctx, server, &snap)...)
			}
			snaps = append(snaps, snap)
		}
		facts = append(facts, r.norm.state(snaps...)...)
	}
	return facts, ctx.Err()
}

// listed is what the server's list of mailboxes has of the account.
func (r *runner) listed(ctx context.Context, server target.Server, account string) string {
	names, err := server.User().Listed(ctx, account)
	if err != nil {
		return fmt.Sprintf("list of %s on %s: %s", account, server.Name(), answer(err))
	}
	return fmt.Sprintf("list of %s on %s: %s", account, server.Name(), strings.Join(names, ", "))
}

// bodies reads what a client gets of each message, mailbox by mailbox.
func (r *runner) bodies(ctx context.Context, server target.Server, snap *target.Snapshot) []string {
	var facts []string
	for i := range snap.Mailboxes {
		m := &snap.Mailboxes[i]
		digests, err := digestsOf(ctx, server, snap.Account, m.Name)
		if err != nil {
			facts = append(facts, fmt.Sprintf("%s of %s on %s: reading it: %s", m.Name, snap.Account, server.Name(), answer(err)))
			continue
		}
		m.Records = slices.Clone(m.Records)
		for j := range m.Records {
			record := &m.Records[j]
			record.BodySHA1 = target.NoBody
			if digest, ok := digests[record.UID]; ok {
				record.BodySHA1 = digest
			}
		}
	}
	snap.Level = target.LevelBody
	return facts
}

func digestsOf(ctx context.Context, server target.Server, account, mailbox string) (map[uint32]string, error) {
	session, err := server.User().Login(ctx, account)
	if err != nil {
		return nil, err
	}
	defer session.Close() // the answer is in
	digests := map[uint32]string{}
	err = session.Bodies(ctx, mailbox, nil, func(uid uint32, body []byte) error {
		digests[uid] = target.DigestBody(body)
		return nil
	})
	return digests, err
}

// look is what a session shows of a mailbox.
func (r *runner) look(ctx context.Context, step Step) ([]string, error) {
	session, err := r.server(step).User().Login(ctx, step.Account)
	if err != nil {
		return nil, err
	}
	defer session.Close() // the answer is in
	names, err := session.List(ctx)
	if err != nil {
		return nil, err
	}
	facts := []string{"lists " + strings.Join(names, ", ")}
	subscribed, err := session.Subscriptions(ctx)
	if err != nil {
		return facts, err
	}
	facts = append(facts, "subscribed to "+strings.Join(subscribed, ", "))
	if settings, err := session.Settings(ctx, step.Mailbox); err != nil {
		facts = append(facts, "settings: "+answer(err))
	} else {
		facts = append(facts, fmt.Sprintf("settings: ACL %q, %s, quota %d KiB", settings.ACL, target.FormatAnnotations(settings.Annotations), settings.StorageKiB))
	}
	counters, err := session.Status(ctx, step.Mailbox)
	if err != nil {
		return append(facts, "status: "+answer(err)), nil
	}
	facts = append(facts, fmt.Sprintf("UIDNEXT %d", counters.UIDNext))
	records, err := session.Records(ctx, step.Mailbox)
	for _, record := range records {
		facts = append(facts, fmt.Sprintf("UID %d, %s, flags %s", record.UID, r.norm.date(record.InternalDate), strings.Join(record.Flags, " ")))
	}
	return facts, err
}

// read is what a session gets of each message of a mailbox, against what is
// recorded of it.
func (r *runner) read(ctx context.Context, step Step) ([]string, error) {
	server := r.server(step)
	digests, err := digestsOf(ctx, server, step.Account, step.Mailbox)
	if err != nil {
		return nil, err
	}
	m, err := server.Index().Mailbox(ctx, step.Account, step.Mailbox)
	if err != nil {
		return nil, err
	}
	var facts []string
	for _, record := range m.Records {
		if record.Expunged {
			continue
		}
		record.BodySHA1 = target.NoBody
		if digest, ok := digests[record.UID]; ok {
			record.BodySHA1 = digest
		}
		facts = append(facts, fmt.Sprintf("UID %d: body %s", record.UID, bodyState(record)))
	}
	return facts, nil
}

// listScripts is what a session shows of an account's scripts.
func (r *runner) listScripts(ctx context.Context, step Step) ([]string, error) {
	session, err := r.server(step).User().Scripts(ctx, step.Account)
	if err != nil {
		return nil, err
	}
	defer session.Close() // the answer is in
	scripts, err := session.List(ctx)
	if err != nil {
		return nil, err
	}
	var facts []string
	for _, listed := range scripts {
		source, err := session.Get(ctx, listed.Name)
		if err != nil {
			facts = append(facts, fmt.Sprintf("script %s: %s", listed.Name, answer(err)))
			continue
		}
		facts = append(facts, fmt.Sprintf("script %s: active %v, %s", listed.Name, listed.Active, sourceVersion(source)))
	}
	return facts, nil
}

// sourceVersion says which of the scripts that there are a source is.
func sourceVersion(source []byte) string {
	for n := range scriptVersions {
		if bytes.Equal(bytes.TrimRight(source, " "), script(n)) {
			return fmt.Sprintf("version %d", n)
		}
	}
	return "nothing known"
}

// compiled is what delivery runs for the account.
func (r *runner) compiled(ctx context.Context, step Step) ([]string, error) {
	host := r.server(step).Host()
	scripts, err := host.CompiledScripts(ctx, step.Account)
	if err != nil {
		return nil, administrative{err}
	}
	var facts []string
	for _, compiled := range scripts {
		facts = append(facts, fmt.Sprintf("bytecode of %s: %s, active %v", compiled.Name, r.versionOf(ctx, host, compiled.SHA1), compiled.Active))
	}
	return facts, nil
}

// scriptVersions is how many scripts plans choose from.
const scriptVersions = 6

// versionOf says which of the scripts that there are a piece of bytecode was
// compiled from. Targets compile differently.
func (r *runner) versionOf(ctx context.Context, host target.HostView, sha1 string) string {
	for n := range scriptVersions {
		if compiled, err := host.CompileScript(ctx, script(n)); err == nil && compiled == sha1 {
			return fmt.Sprintf("version %d", n)
		}
	}
	return "of nothing known"
}

// logged says whether a server's syslog has a text, as often as the step says. The servers of a pair log
// in their own words, but for the messages that operators look for.
func (r *runner) logged(ctx context.Context, step Step) (string, error) {
	log, err := r.server(step).Host().Syslog(ctx)
	switch {
	case err != nil:
		return "", err
	case strings.Count(string(log), step.Text) >= max(step.Count, 1):
		return "yes", nil
	}
	return "no", nil
}

// findings lets every detector look at both servers. It returns what they find, and the
// evidence for each finding.
func (r *runner) findings(ctx context.Context) (facts []string, evidence map[string]string, err error) {
	evidence = map[string]string{}
	servers := r.pair.Servers()
	for _, d := range detect.All() {
		found, err := d.Detect(ctx, detect.Scene{
			Clock: r.pair.Clock(), Executor: r.pair.Executor(), Accounts: Accounts(), Master: r.pair.Serving().Name(),
			Sides: []detect.Side{detect.LiveSide(servers[0]), detect.LiveSide(servers[1])},
		})
		if ctx.Err() != nil {
			return nil, nil, ctx.Err()
		}
		if err != nil {
			fact := fmt.Sprintf("%s: %s", d.Name(), answer(err))
			facts, evidence[fact] = append(facts, fact), err.Error()
			continue
		}
		for _, f := range found {
			fact := "found: " + f.Key()
			facts, evidence[fact] = append(facts, fact), f.Evidence
		}
	}
	slices.Sort(facts)
	return slices.Compact(facts), evidence, nil
}

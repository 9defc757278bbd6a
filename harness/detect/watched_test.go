package detect_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// told is a server whose user view or syslog is another than it has.
type told struct {
	target.Server
	accounts []string                              // in place of its own
	lists    map[string][]string                   // in place of an account's
	status   func(target.Counters) target.Counters // nil: as it is
	syslog   string                                // in place of its own
}

func (s told) User() target.UserView { return toldUser{s.Server.User(), s} }
func (s told) Host() target.HostView { return toldHost{s.Server.Host(), s} }

type toldUser struct {
	target.UserView
	told
}

func (u toldUser) Accounts(ctx context.Context) ([]string, error) {
	if u.accounts != nil {
		return u.accounts, nil
	}
	return u.UserView.Accounts(ctx)
}

func (u toldUser) Listed(ctx context.Context, account string) ([]string, error) {
	if names, ok := u.lists[account]; ok {
		return slices.Clone(names), nil
	}
	return u.UserView.Listed(ctx, account)
}

func (u toldUser) Login(ctx context.Context, account string) (target.Session, error) {
	session, err := u.UserView.Login(ctx, account)
	return toldSession{session, u.told}, err
}

type toldSession struct {
	target.Session
	told
}

func (s toldSession) Status(ctx context.Context, mailbox string) (target.Counters, error) {
	counters, err := s.Session.Status(ctx, mailbox)
	if s.status != nil && mailbox == "INBOX" {
		counters = s.status(counters)
	}
	return counters, err
}

type toldHost struct {
	target.HostView
	told
}

func (h toldHost) Syslog(ctx context.Context) ([]byte, error) {
	if h.syslog != "" {
		return []byte(h.syslog), nil
	}
	return h.HostView.Syslog(ctx)
}

// watchOver lets a detector look at the pair's first server, and at what is told of the
// second one.
func watchOver(t *testing.T, p target.Pair, d detect.Detector, master target.ServerName, second func(target.Server) target.Server) []string {
	t.Helper()
	scene := sceneOf(p, accounts)
	scene.Master = master
	scene.Sides[1] = detect.LiveSide(second(p.Server(target.Imap2)))
	found, err := d.Detect(t.Context(), scene)
	if err != nil {
		t.Fatal(err)
	}
	return brief(found)
}

func TestListCompareSaysWhoLacksWhat(t *testing.T) {
	both := []string{"INBOX", "INBOX/#sieve", "INBOX/Work"}
	for name, tc := range map[string]struct {
		second told
		master target.ServerName
		want   []string
	}{
		"equal":                      {told{}, target.Imap1, []string{}},
		"scripts' mailbox on one":    {told{lists: map[string][]string{"alice": {"INBOX", "INBOX/Work"}}}, target.Imap1, []string{}},
		"one mailbox less":           {told{lists: map[string][]string{"alice": {"INBOX"}}}, target.Imap1, []string{"mailbox-missing INBOX/Work of alice on imap2 right: imap1"}},
		"less on the master":         {told{lists: map[string][]string{"alice": {"INBOX"}}}, target.Imap2, []string{"mailbox-missing INBOX/Work of alice on imap2 right: "}},
		"less on whoever is it":      {told{lists: map[string][]string{"alice": {"INBOX"}}}, "", []string{"mailbox-missing INBOX/Work of alice on imap2 right: imap1"}},
		"one mailbox more":           {told{lists: map[string][]string{"alice": append(slices.Clone(both), "INBOX/x")}}, target.Imap1, []string{"mailbox-missing INBOX/x of alice on imap1 right: "}},
		"the INBOX alone is missing": {told{lists: map[string][]string{"alice": {"INBOX/Work"}}}, target.Imap1, []string{"mailbox-missing INBOX of alice on imap2 right: imap1"}},
		"an account is missing":      {told{lists: map[string][]string{"bob": nil}}, target.Imap1, []string{"account-missing bob on imap2 right: imap1"}},
		"an account that nobody looks after": {
			told{accounts: []string{"alice", "bob", "zoe"}, lists: map[string][]string{"zoe": {"INBOX"}}}, target.Imap1, []string{"account-missing zoe on imap1 right: "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := watchOver(t, furnished(t), detect.ListCompare{}, tc.master, func(s target.Server) target.Server {
				tc.second.Server = s
				return tc.second
			})
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What the indexes say of a mailbox that one list alone has: it bears another name, or its
// user has deleted it.
func TestListCompareAsksTheIndexes(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(context.Context, target.Session) error
		want   string
	}{
		"renamed": {func(ctx context.Context, s target.Session) error {
			return s.RenameMailbox(ctx, "INBOX/Work", "INBOX/Play")
		}, "mailbox-name-differs INBOX/Play of alice on imap2 right: imap1"},
		"deleted": {func(ctx context.Context, s target.Session) error { return s.DeleteMailbox(ctx, "INBOX/Work") }, "mailbox-deletion-missing INBOX/Work of alice on imap2 right: imap1"},
	} {
		t.Run(name, func(t *testing.T) {
			p := furnished(t)
			breakBy(t, p, "replication-stopped", target.Imap1, "alice")
			session, err := p.Serving().User().Login(t.Context(), "alice")
			if err != nil {
				t.Fatal(err)
			}
			defer session.Close()
			if err := tc.change(t.Context(), session); err != nil {
				t.Fatal(err)
			}
			found, err := look(t.Context(), p, detect.ListCompare{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]string{tc.want}, brief(found)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStatusCompareSaysWhatCountersTell(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*target.Counters)
		want   []string
	}{
		"equal":               {func(*target.Counters) {}, []string{}},
		"another UIDVALIDITY": {func(c *target.Counters) { c.UIDValidity++ }, []string{"uidvalidity-differs INBOX of alice on imap2 right: imap1", "uidvalidity-differs INBOX of bob on imap2 right: imap1"}},
		"a lower UIDNEXT":     {func(c *target.Counters) { c.UIDNext-- }, []string{"last-uid-differs INBOX of alice on imap2 right: imap1", "last-uid-differs INBOX of bob on imap2 right: imap1"}},
		"a higher UIDNEXT":    {func(c *target.Counters) { c.UIDNext++ }, []string{"last-uid-differs INBOX of alice on imap1 right: imap2", "last-uid-differs INBOX of bob on imap1 right: imap2"}},
		"another modseq":      {func(c *target.Counters) { c.HighestModSeq++ }, []string{"modseq-differs INBOX of alice on imap2 right: imap1", "modseq-differs INBOX of bob on imap2 right: imap1"}},
		"a message less":      {func(c *target.Counters) { c.Messages-- }, []string{"message-missing INBOX of alice on imap2 right: imap1", "message-missing INBOX of bob on imap2 right: imap1"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := watchOver(t, furnished(t), detect.StatusCompare{}, target.Imap1, func(s target.Server) target.Server {
				return told{Server: s, status: func(c target.Counters) target.Counters {
					tc.change(&c)
					return c
				}}
			})
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

const (
	master = "Nov 26 18:00:00 imap2 local6.err cyrus/master[8]: "
	client = "Nov 26 18:00:00 imap2 local6.err cyrus/sync_client[31]: "
	imapd  = "Nov 26 18:00:00 imap2 local6.err cyrus/imap[17]: "
	lmtpd  = "Nov 26 18:00:00 imap2 local6.err cyrus/lmtp[20]: "
)

// Lines as a real server writes them, and what is made of each.
func TestLogsAreRead(t *testing.T) {
	denied := client + "Error in do_sync(): bailing out! The remote Server(s) denied the operation\n"
	for _, tc := range []struct {
		detector detect.Detector
		log      string
		want     []string
	}{
		{detect.LogWatch{}, master + "process started\n", []string{}},
		{detect.LogWatch{}, master + "too many failures for service syncclient/daemon, disabling until next SIGHUP\n", []string{"replication-stopped imap2 right: "}},
		{detect.LogWatch{}, master + "too many failures for service imap/ipv4, disabling until next SIGHUP\n", []string{"server-down imap2 right: "}},
		{detect.LogWatch{}, strings.Repeat(client+"Error in do_sync(): bailing out! Bad protocol\n", 9), []string{}},
		{detect.LogWatch{}, strings.Repeat(denied, 2), []string{}},
		{detect.LogWatch{}, strings.Repeat(denied, 3), []string{"replication-stopped imap2 right: "}},
		{detect.LogWatch{}, client + "Error in sync_do_user(alice): bailing out!\n", []string{"replication-stopped alice on imap2 right: "}},
		{detect.LogWatch{}, imapd + "IOERROR: opening index failed: mailbox=<user.alice.a^b> error=<System I/O error> syserror=<No such file or directory> func=<mailbox_open_advanced>\n", []string{"mailbox-unreadable INBOX/a.b of alice on imap2 right: "}},
		{detect.LogWatch{}, strings.Repeat(imapd+"IOERROR: refreshing index failed: mailbox=<user.alice> error=<Mailbox has an invalid format> func=<mailbox_lock_index_internal>\n", 4), []string{"mailbox-unreadable INBOX of alice on imap2 right: "}},
		{detect.LogWatch{}, imapd + "IOERROR: read header failed: mailbox=<DELETED.user.alice.x.123> error=<System I/O error> func=<f>\n", []string{"mailbox-unreadable imap2 right: "}},
		{detect.LogWatch{}, imapd + "IOERROR: opening index failed: mailbox=<user.alice> error=<System I/O error> syserror=<Read-only file system> func=<f>\n", []string{"disk-read-only imap2 right: "}},
		{detect.LogWatch{}, imapd + "IOERROR: writing message file 17: No space left on device\n", []string{"disk-full imap2 right: "}},
		{detect.LogWatch{}, client + "do_folders(): failed to order folders correctly at user.alice.b\n", []string{"mailbox-name-differs INBOX/b of alice on imap2 right: "}},
		{detect.LogWatch{}, client + "SYNCERROR: guid mismatch: mailbox=<user.bob> uid=<4> rguid=<a> mguid=<b> func=<f>\n", []string{"guid-differs UID 4 in INBOX of bob on imap2 right: "}},
		{detect.LogWatch{}, client + "SYNCERROR: guid mismatch user.bob 4 (a b)\n", []string{"guid-differs UID 4 in INBOX of bob on imap2 right: "}},
		{detect.LogWatch{}, imapd + "IOERROR: refreshing index for user.alice: Mailbox has an invalid format\n", []string{"mailbox-unreadable INBOX of alice on imap2 right: "}},
		{detect.LogWatch{}, imapd + "IOERROR: opening index user.alice.Work: System I/O error\n", []string{"mailbox-unreadable INBOX/Work of alice on imap2 right: "}},
		{detect.LogWatch{}, imapd + "Fatal error: Internal error: assertion failed: imap/message.c: 4267: !message_need(m, M_RECORD)\n", []string{"process-crashed imap2 right: "}},
		{detect.LogWatch{}, master + "process type:SERVICE name:imap path:/usr/lib/cyrus/bin/imapd age:1.2s pid:17 signaled to death by signal 1 (Hangup)\n", []string{}},
		{detect.LogWatch{}, master + "process type:SERVICE name:imap path:/usr/lib/cyrus/bin/imapd age:1.2s pid:17 signaled to death by signal 11 (Segmentation fault, core dumped)\n", []string{"process-crashed imap2 right: "}},

		{detect.CrashWatch{}, master + "process started\n", []string{}},
		{detect.CrashWatch{}, master + "process type:SERVICE name:imap path:/usr/lib/cyrus/bin/imapd age:1.2s pid:17 signaled to death by signal 15 (Terminated)\n", []string{}},
		{detect.CrashWatch{}, master + "process type:DAEMON name:syncclient path:/usr/lib/cyrus/bin/sync_client age:1.2s pid:17 exited, status 1\n", []string{}},
		{detect.CrashWatch{}, master + "process type:SERVICE name:imap path:/usr/lib/cyrus/bin/imapd age:1.2s pid:17 signaled to death by signal 11 (Segmentation fault)\n", []string{"process-crashed imap2 right: "}},
		{detect.CrashWatch{}, master + "process type:DAEMON name:syncclient path:/usr/lib/cyrus/bin/sync_client age:1.2s pid:17 exited, status 70\n", []string{"process-crashed imap2 right: "}},
		{detect.CrashWatch{}, client + "Fatal error: Internal error: assertion failed: imap/message.c: 4267: x\n", []string{"process-crashed imap2 right: "}}, // a tool's: nobody's child
	} {
		got := watchOver(t, furnished(t), tc.detector, target.Imap1, func(s target.Server) target.Server { return told{Server: s, syslog: tc.log} })
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("%s of %q:\n%s", tc.detector.Name(), tc.log, diff)
		}
	}
}

// A crash is told once for each sort of process, with the last words of the first, and with
// what its core has to be read with where it left one.
func TestCrashWatchTellsOfLastWordsAndCores(t *testing.T) {
	p := furnished(t)
	log := imapd + "Fatal error: Internal error: assertion failed: imap/a.c: 1: x\n" +
		master + "process type:SERVICE name:imap path:/usr/lib/cyrus/bin/imapd age:1.2s pid:17 exited, status 70\n" +
		master + "process type:SERVICE name:imap path:/usr/lib/cyrus/bin/imapd age:1.2s pid:18 signaled to death by signal 6 (Aborted)\n" +
		master + "process type:SERVICE name:sync path:/usr/lib/cyrus/bin/sync_server age:1.2s pid:19 signaled to death by signal 6 (Aborted)\n" +
		lmtpd + "FATAL: could not start session\n" +
		master + "process type:SERVICE name:lmtp path:/usr/lib/cyrus/bin/lmtpd age:1.2s pid:20 exited, status 71\n" +
		master + "process type:SERVICE name:sieve path:/usr/lib/cyrus/bin/timsieved age:1.2s pid:21 signaled to death by signal 11 (Segmentation fault, core dumped)\n" +
		client + "Fatal error: gave up, as its master process logs at a level that is not kept\n"
	scene := sceneOf(p, accounts)
	scene.Sides = []detect.Side{detect.LiveSide(told{Server: p.Server(target.Imap2), syslog: log})}
	found, err := detect.CrashWatch{}.Detect(t.Context(), scene)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, f := range found {
		got = append(got, f.Evidence)
	}
	want := []string{
		"imap exited, status 70: assertion failed: imap/a.c: 1: x; it or another of its kind 2 times in all",
		"sync signaled to death by signal 6 (Aborted)",
		"lmtp exited, status 71: could not start session",
		"sieve signaled to death by signal 11 (Segmentation fault, core dumped); its backtrace is in the core: gdb -batch -ex bt /usr/lib/cyrus/bin/timsieved CORE",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

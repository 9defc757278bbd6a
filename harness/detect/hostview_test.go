package detect_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// doctored is a server whose host view is changed on its way, as it would be by damage
// (of a server that is well), or by a comparison that is skipped (of one that is not).
type doctored struct {
	target.Server
	file     func(mailbox string, f *target.SpoolFile) (keep bool)
	files    func(mailbox string) []target.SpoolFile // to be added to a mailbox's
	database func(*target.Database)
	machine  func(*target.Machine)
}

func (d doctored) Host() target.HostView { return doctoredHost{d.Server.Host(), d} }

type doctoredHost struct {
	target.HostView
	by doctored
}

func (h doctoredHost) Files(ctx context.Context, account string) ([]target.MailboxFiles, error) {
	found, err := h.HostView.Files(ctx, account)
	for i := range found {
		m := &found[i]
		if h.by.file != nil {
			m.Messages = slices.DeleteFunc(slices.Clone(m.Messages), func(f target.SpoolFile) bool { return !h.by.file(m.Mailbox, &f) })
			for j := range m.Messages {
				h.by.file(m.Mailbox, &m.Messages[j])
			}
		}
		if h.by.files != nil && account == "alice" {
			m.Messages = append(slices.Clone(m.Messages), h.by.files(m.Mailbox)...)
		}
	}
	return found, err
}

func (h doctoredHost) Databases(ctx context.Context, accounts []string) ([]target.Database, error) {
	found, err := h.HostView.Databases(ctx, accounts)
	for i := range found {
		if h.by.database != nil {
			h.by.database(&found[i])
		}
	}
	return found, err
}

func (h doctoredHost) Machine(ctx context.Context) (target.Machine, error) {
	seen, err := h.HostView.Machine(ctx)
	if h.by.machine != nil {
		h.by.machine(&seen)
	}
	return seen, err
}

// furnishedAll is a pair as furnishAll leaves it.
func furnishedAll(t *testing.T) target.Pair {
	t.Helper()
	pair, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	furnishAll(t, pair)
	return pair
}

// lookAt lets a detector look at any two servers.
func lookAt(t *testing.T, pair target.Pair, d detect.Detector, servers ...target.Server) []string {
	t.Helper()
	scene := detect.Scene{Clock: pair.Clock(), Executor: pair.Executor(), Accounts: accounts, Master: target.Imap1}
	for _, server := range servers {
		scene.Sides = append(scene.Sides, detect.LiveSide(server))
	}
	found, err := d.Detect(t.Context(), scene)
	if err != nil {
		t.Fatal(err)
	}
	return brief(found)
}

// Each thing that a host view can show of damage is found, by itself.
func TestHostDetectorsSeeEachField(t *testing.T) {
	pair := furnishedAll(t)
	const other = "0123456789abcdef0123456789abcdef01234567"
	only := func(change func(*target.SpoolFile) bool) func(string, *target.SpoolFile) bool {
		return func(mailbox string, f *target.SpoolFile) bool {
			return mailbox != "INBOX/Köln" || f.UID != 3 || change(f)
		}
	}
	db := func(name string, change func(*target.Database)) func(*target.Database) {
		return func(d *target.Database) {
			if d.Name == name && (d.Account == "" || d.Account == "alice") && (d.Mailbox == "" || d.Mailbox == "INBOX/Köln") {
				change(d)
			}
		}
	}
	wrong := func(d *target.Database) { d.Wrong = "it is cut off" }
	denied := func(d *target.Database) { d.Accessible = false }
	differs := "body-differs UID 3 in INBOX/Köln of alice on imap2 right: imap1"
	for name, tc := range map[string]struct {
		detector detect.Detector
		by       doctored
		want     []string
	}{
		"nothing": {detect.SpoolCheck{}, doctored{}, []string{}},
		"another digest": {detect.SpoolCheck{}, doctored{file: only(func(f *target.SpoolFile) bool {
			f.SHA1 = other
			return true
		})}, []string{differs}},
		"a file that is gone": {detect.SpoolCheck{}, doctored{file: only(func(*target.SpoolFile) bool { return false })}, []string{differs}},
		"a file out of reach": {detect.SpoolCheck{}, doctored{file: only(func(f *target.SpoolFile) bool {
			f.SHA1, f.Accessible = "", false
			return true
		})}, []string{"file-inaccessible UID 3 in INBOX/Köln of alice on imap2 right: ", differs}},
		"a file that cannot be written": {detect.SpoolCheck{}, doctored{file: only(func(f *target.SpoolFile) bool {
			f.Accessible = false
			return true
		})}, []string{"file-inaccessible UID 3 in INBOX/Köln of alice on imap2 right: "}},
		"a stray file": {detect.SpoolCheck{}, doctored{files: func(mailbox string) []target.SpoolFile {
			if mailbox != "INBOX" {
				return nil
			}
			return []target.SpoolFile{{UID: 77, SHA1: other, Accessible: true}}
		}}, []string{"stray-file UID 77 in INBOX of alice on imap2 right: "}},
		"nothing of all":                     {detect.Health{}, doctored{}, []string{}},
		"mailboxes.db":                       {detect.Health{}, doctored{database: db("mailboxes.db", wrong)}, []string{"data-file-damaged imap2 right: "}},
		"conversations":                      {detect.Health{}, doctored{database: db("conversations.db", wrong)}, []string{"data-file-damaged alice on imap2 right: "}},
		"a cache":                            {detect.Health{}, doctored{database: db("cyrus.cache", wrong)}, []string{"data-file-damaged INBOX/Köln of alice on imap2 right: "}},
		"a cache out of reach":               {detect.Health{}, doctored{database: db("cyrus.cache", denied)}, []string{"file-inaccessible INBOX/Köln of alice on imap2 right: "}},
		"an index out of reach":              {detect.Health{}, doctored{database: db("cyrus.index", denied)}, []string{"file-inaccessible INBOX/Köln of alice on imap2 right: "}},
		"an index, which is not its to tell": {detect.Health{}, doctored{database: db("cyrus.index", wrong)}, []string{}},
		"no room":                            {detect.Health{}, doctored{machine: func(m *target.Machine) { m.Room = 4096 }}, []string{"disk-full imap2 right: "}},
		"no writes":                          {detect.Health{}, doctored{machine: func(m *target.Machine) { m.ReadOnly = true }}, []string{"disk-read-only imap2 right: "}},
		"a fast clock":                       {detect.Health{}, doctored{machine: func(m *target.Machine) { m.Clock = m.Clock.Add(8 * time.Second) }}, []string{"clock-wrong imap2 right: "}},
		"a slow clock":                       {detect.Health{}, doctored{machine: func(m *target.Machine) { m.Clock = m.Clock.Add(-8 * time.Second) }}, []string{"clock-wrong imap2 right: "}},
		"a clock that is nearly right":       {detect.Health{}, doctored{machine: func(m *target.Machine) { m.Clock = m.Clock.Add(4 * time.Second) }}, []string{}},
	} {
		t.Run(name, func(t *testing.T) {
			tc.by.Server = pair.Server(target.Imap2)
			if diff := cmp.Diff(tc.want, lookAt(t, pair, tc.detector, pair.Server(target.Imap1), tc.by)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// blind are the planted bugs: of each detector one comparison is skipped, by a view that
// shows on both sides what it would be compared with.
func blind() map[string]func(target.Server) target.Server {
	file := func(change func(*target.SpoolFile)) func(target.Server) target.Server {
		return func(s target.Server) target.Server {
			return doctored{Server: s, file: func(_ string, f *target.SpoolFile) bool {
				change(f)
				return true
			}}
		}
	}
	database := func(name string) func(target.Server) target.Server {
		return func(s target.Server) target.Server {
			return doctored{Server: s, database: func(d *target.Database) {
				if d.Name == name {
					d.Wrong = ""
				}
			}}
		}
	}
	machine := func(change func(target.Server, *target.Machine)) func(target.Server) target.Server {
		return func(s target.Server) target.Server {
			return doctored{Server: s, machine: func(m *target.Machine) { change(s, m) }}
		}
	}
	return map[string]func(target.Server) target.Server{
		"message-file-flipped":    func(s target.Server) target.Server { return trusting{s} },
		"message-file-missing":    func(s target.Server) target.Server { return trusting{s} },
		"message-files-swapped":   func(s target.Server) target.Server { return trusting{s} },
		"stray-message-file":      func(s target.Server) target.Server { return trusting{s} },
		"message-file-mode-wrong": file(func(f *target.SpoolFile) { f.Accessible = true }),
		"cache-truncated":         database("cyrus.cache"),
		"mailbox-header-deleted":  database("cyrus.header"),
		"conversations-deleted":   database("conversations.db"),
		"seen-truncated":          database("seen.db"),
		"disk-full":               machine(func(_ target.Server, m *target.Machine) { m.Room = 1 << 30 }),
		"disk-read-only":          machine(func(_ target.Server, m *target.Machine) { m.ReadOnly = false }),
		"clock-ahead":             machine(func(_ target.Server, m *target.Machine) { m.Clock = now }),
	}
}

// trusting is a server whose host tells of each message's file what the index says of
// it: that it is there, and whole.
type trusting struct{ target.Server }

func (s trusting) Host() target.HostView { return trustingHost{s.Server.Host(), s.Server} }

type trustingHost struct {
	target.HostView
	server target.Server
}

func (h trustingHost) Files(ctx context.Context, account string) ([]target.MailboxFiles, error) {
	mailboxes, err := h.server.Index().Mailboxes(ctx, account)
	var files []target.MailboxFiles
	for _, m := range mailboxes {
		full, err := h.server.Index().Mailbox(ctx, account, m.Name)
		if err != nil {
			return nil, err
		}
		told := target.MailboxFiles{Mailbox: m.Name}
		for _, r := range full.Records {
			told.Messages = append(told.Messages, target.SpoolFile{UID: r.UID, Size: int64(r.Size), SHA1: r.GUID, Accessible: true})
		}
		files = append(files, told)
	}
	return files, err
}

// Without the comparison that is for it, the damage of a fault is missed: so it is that
// comparison that finds it, and a test that looks for all that is claimed sees the bug.
func TestPlantedBugsOfHostDetectorsAreMissed(t *testing.T) {
	for name, blinded := range blind() {
		t.Run(name, func(t *testing.T) {
			spec := target.Spec{Seed: 1, Accounts: accounts, MovingClock: true, SmallDisk: true}
			pair, err := sim.New().NewPair(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			furnishAll(t, pair)
			report, done := inject(t, pair, faultNamed(t, name), target.Imap2)
			if !done {
				t.Fatal("it did not land")
			}
			for _, d := range []detect.Detector{detect.SpoolCheck{}, detect.Health{}} {
				want := claimed(report, d)
				imap1, imap2 := pair.Server(target.Imap1), pair.Server(target.Imap2)
				missed := 0
				found := lookAt(t, pair, d, blinded(imap1), blinded(imap2))
				for _, damage := range want {
					kind, _, _ := strings.Cut(damage, " ")
					if !slices.ContainsFunc(found, func(f string) bool { return strings.HasPrefix(f, kind+" ") }) {
						missed++
					}
				}
				if len(want) > 0 && missed == 0 {
					t.Errorf("%s finds %v all the same: %v", d.Name(), want, found)
				}
			}
		})
	}
}

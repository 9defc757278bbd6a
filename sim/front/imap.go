package front

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"slices"
	"strings"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-sasl"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// newIMAP speaks IMAP4rev1 with the extensions that go-imap's server knows.
func newIMAP(d *door) talker {
	server := imapserver.New(&imapserver.Options{
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			s := &imapSession{ctx: d.fronts.ctx, imap: c, conn: c.NetConn().(*conn)}
			s.conn.first = newCyrusCommands(s)
			return s, nil, nil
		},
		Caps: imap.CapSet{
			imap.CapIMAP4rev1: {}, imap.CapNamespace: {}, imap.CapUIDPlus: {}, imap.CapESearch: {}, imap.CapListExtended: {},
			imap.CapListStatus: {}, imap.CapMove: {}, imap.CapStatusSize: {}, imap.CapChildren: {}, imap.CapLiteralPlus: {},
		},
		Logger:       log.New(io.Discard, "", 0),
		InsecureAuth: true,
	})
	return newLibrary(d, func(l net.Listener) error { return server.Serve(l) })
}

// imapSession is one client's session. The client's sequence numbers are those of
// the messages that it was last told of, whatever has happened to the mailbox since.
type imapSession struct {
	ctx     context.Context
	imap    *imapserver.Conn
	conn    *conn
	session *sim.IMAPSession // nil: nobody has logged in, or the administrator
	admin   bool             // who has no mail, and may list everybody's

	mailbox  string // that is selected
	readOnly bool
	told     sim.Selected // what the client knows of it
}

var (
	_ imapserver.SessionMove      = (*imapSession)(nil)
	_ imapserver.SessionNamespace = (*imapSession)(nil)
	_ imapserver.SessionSASL      = (*imapSession)(nil)
)

// ask puts a command to the model.
func (s *imapSession) ask(do func(*sim.IMAPSession) error) error {
	if s.session == nil {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Text: "Permission denied"}
	}
	return s.answer(s.conn.ask(func(*sim.Pair) error { return do(s.session) }))
}

// answer turns what became of a command into its answer. Where imapd has died of it
// the connection ends with its last words, and where there is no server any more
// with none.
func (s *imapSession) answer(err error) error {
	var refused *target.RefusedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && refused.Status == string(imap.StatusResponseTypeBye):
		_ = s.imap.Bye(refused.Text)
		return net.ErrClosed
	case errors.As(err, &refused):
		return &imap.Error{
			Type: imap.StatusResponseType(refused.Status), Code: imap.ResponseCode(refused.Code), Text: refused.Text,
		}
	default:
		s.conn.cut()
		return err
	}
}

// Close implements [imapserver.Session].
func (*imapSession) Close() error { return nil }

// Login implements [imapserver.Session].
func (s *imapSession) Login(username, password string) error { return s.login("", username, password) }

// AuthenticateMechanisms implements [imapserver.SessionSASL].
func (*imapSession) AuthenticateMechanisms() []string { return []string{sasl.Plain} }

// Authenticate implements [imapserver.SessionSASL].
func (s *imapSession) Authenticate(mechanism string) (sasl.Server, error) {
	if mechanism != sasl.Plain {
		return nil, &imap.Error{Type: imap.StatusResponseTypeNo, Text: "no mechanism available"}
	}
	return sasl.NewPlainServer(s.login), nil
}

func (s *imapSession) login(identity, username, password string) error {
	options := s.conn.door.fronts.options
	if options.isAdmin(identity, username, password) {
		s.admin = true
		return nil
	}
	account, ok := options.login(identity, username, password)
	if !ok {
		return imapserver.ErrAuthFailed
	}
	return s.answer(s.conn.ask(func(p *sim.Pair) (err error) {
		s.session, err = p.OpenIMAP(s.ctx, s.conn.door.server, account)
		return err
	}))
}

// Namespace implements [imapserver.SessionNamespace].
func (*imapSession) Namespace() (*imap.NamespaceData, error) {
	one := func(prefix string) []imap.NamespaceDescriptor {
		return []imap.NamespaceDescriptor{{Prefix: prefix, Delim: delimiter}}
	}
	return &imap.NamespaceData{Personal: one("INBOX/"), Other: one("user/"), Shared: one("")}, nil
}

// delimiter parts the names of mailboxes and of those below them.
const delimiter = '/'

// ownName is a mailbox's name as the model has it: INBOX may be written anyhow.
func ownName(name string) string {
	if first, rest, _ := strings.Cut(name, "/"); strings.EqualFold(first, "INBOX") {
		return strings.TrimSuffix("INBOX/"+rest, "/")
	}
	return name
}

// Select implements [imapserver.Session].
func (s *imapSession) Select(name string, options *imap.SelectOptions) (*imap.SelectData, error) {
	name = ownName(name)
	var told sim.Selected
	err := s.ask(func(session *sim.IMAPSession) (err error) {
		told, err = session.Select(s.ctx, name, options.ReadOnly)
		return err
	})
	if err != nil {
		return nil, err
	}
	s.mailbox, s.readOnly, s.told = name, options.ReadOnly, told
	data := &imap.SelectData{
		Flags: flagsIn(told), NumMessages: uint32(len(told.Records)), NumRecent: uint32(told.Recent),
		UIDNext: imap.UID(told.UIDNext), UIDValidity: told.UIDValidity,
	}
	if !options.ReadOnly {
		data.PermanentFlags = append(flagsIn(told), imap.FlagWildcard)
	}
	unseen := func(r target.Record) bool { return !slices.Contains(r.Flags, string(imap.FlagSeen)) }
	data.FirstUnseenSeqNum = uint32(slices.IndexFunc(told.Records, unseen) + 1)
	return data, nil
}

// flagsIn returns the flags that are known in a mailbox.
func flagsIn(told sim.Selected) []imap.Flag {
	return append([]imap.Flag{imap.FlagAnswered, imap.FlagFlagged, imap.FlagDraft, imap.FlagDeleted, imap.FlagSeen}, flagsOf(told.Keywords)...)
}

func flagsOf(names []string) []imap.Flag {
	flags := make([]imap.Flag, len(names))
	for i, name := range names {
		flags[i] = imap.Flag(name)
	}
	return flags
}

func namesOf(flags []imap.Flag) []string {
	names := make([]string, len(flags))
	for i, flag := range flags {
		names[i] = string(flag)
	}
	return names
}

// Unselect implements [imapserver.Session].
func (s *imapSession) Unselect() error {
	s.mailbox, s.told = "", sim.Selected{}
	return nil
}

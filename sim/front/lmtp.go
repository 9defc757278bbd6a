package front

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"strconv"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// maxLine bounds a line of a message: some are long.
const maxLine = 16 << 20

// newLMTP speaks LMTP (RFC 2033), without a login, as lmtpd -a does.
func newLMTP(d *door) talker {
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &lmtpSession{ctx: d.fronts.ctx, conn: c.Conn().(*conn)}, nil
	}))
	server.LMTP, server.Domain = true, string(d.server)
	server.MaxLineLength = maxLine
	server.ErrorLog = log.New(io.Discard, "", 0)
	return newLibrary(d, func(l net.Listener) error { return server.Serve(l) })
}

// lmtpSession is one client's session. Of its transaction it keeps nothing: go-smtp
// knows the recipients.
type lmtpSession struct {
	ctx        context.Context
	conn       *conn
	recipients []string
}

var _ smtp.LMTPSession = (*lmtpSession)(nil)

// Mail implements [smtp.Session].
func (s *lmtpSession) Mail(string, *smtp.MailOptions) error {
	s.recipients = nil
	return nil
}

// Rcpt implements [smtp.Session].
func (s *lmtpSession) Rcpt(to string, _ *smtp.RcptOptions) error {
	err := s.conn.ask(func(p *sim.Pair) error { return p.Recipient(s.ctx, s.conn.door.server, accountOf(to)) })
	if err == nil {
		s.recipients = append(s.recipients, to)
	}
	return s.reply(err)
}

// LMTPData implements [smtp.LMTPSession].
func (s *lmtpSession) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	message, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	for _, to := range s.recipients {
		err := s.conn.ask(func(p *sim.Pair) error {
			return p.Server(s.conn.door.server).User().Deliver(s.ctx, accountOf(to), message)
		})
		status.SetStatus(to, s.reply(err))
	}
	return nil
}

// Data implements [smtp.Session]; it is never called.
func (*lmtpSession) Data(io.Reader) error { return errors.New("this is LMTP") }

// Reset implements [smtp.Session].
func (s *lmtpSession) Reset() { s.recipients = nil }

// Logout implements [smtp.Session].
func (*lmtpSession) Logout() error { return nil }

// reply turns what became of a request into its reply. Where there is nobody to
// reply the connection is cut.
func (s *lmtpSession) reply(err error) error {
	var refused *target.RefusedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused):
		return smtpError(refused)
	default:
		s.conn.cut()
		return &smtp.SMTPError{Code: 421, Message: "the server is gone"} // which nobody hears
	}
}

func smtpError(refused *target.RefusedError) *smtp.SMTPError {
	code, err := strconv.Atoi(refused.Status)
	if err != nil {
		code = 451
	}
	reply := &smtp.SMTPError{Code: code, Message: refused.Text}
	first, rest, _ := strings.Cut(refused.Text, " ")
	parts := strings.Split(first, ".")
	if len(parts) != len(reply.EnhancedCode) {
		return reply
	}
	for i, part := range parts {
		if reply.EnhancedCode[i], err = strconv.Atoi(part); err != nil {
			return &smtp.SMTPError{Code: code, Message: refused.Text}
		}
	}
	reply.Message = rest
	return reply
}

// accountOf returns the account that an address means: what stands before a detail
// and the domain.
func accountOf(address string) string {
	local, _, _ := strings.Cut(address, "@")
	account, _, _ := strings.Cut(local, "+")
	return account
}

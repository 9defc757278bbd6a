package wire

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// overheard looks at what the server has said since the last command ended,
// and says whether the next one can be sent at all.
func (c *IMAP) overheard(ctx context.Context, name string) error {
	for c.lost == nil && c.bye == nil {
		if err := ctx.Err(); err != nil {
			return c.peer.Unreachable(err)
		}
		select {
		case a, ok := <-c.answers:
			c.note(a, ok)
		default:
			return nil
		}
	}
	if c.bye != nil {
		return refusal(name, c.bye)
	}
	return c.peer.Unreachable(c.lost)
}

// next waits for the next answer.
func (c *IMAP) next() (*Response, error) {
	if c.lost != nil {
		return nil, c.lost
	}
	a, ok := <-c.answers
	c.note(a, ok)
	return a.response, c.lost
}

func (c *IMAP) note(a answer[*Response], ok bool) {
	switch {
	case !ok && c.lost == nil:
		c.lost = io.ErrUnexpectedEOF
	case !ok:
	case a.err != nil:
		c.lost = a.err
		_ = c.conn.Close()
	case a.response.Tag == "*" && a.response.Status == "BYE":
		c.bye = a.response
	}
}

// send writes a command. An error means that the server cannot have taken it
// for whole, and so that it did not take effect; but for one from the last
// flush, which may come after the last byte has gone.
func (c *IMAP) send(ctx context.Context, cmd command) (tag string, err error) {
	c.lastTag++
	tag = fmt.Sprintf("c%d", c.lastTag)
	_, err = c.out.WriteString(tag + " ")
	for _, p := range cmd.parts {
		if err == nil && p.waits {
			err = c.leave(ctx, cmd, tag)
		}
		if err == nil {
			_, err = c.out.WriteString(p.text)
		}
		if err == nil {
			_, err = c.out.Write(p.body)
		}
	}
	if err == nil {
		_, err = c.out.WriteString("\r\n")
	}
	if refused := (*target.RefusedError)(nil); errors.As(err, &refused) {
		return "", err
	}
	if err != nil {
		c.giveUp(err)
		return "", c.peer.Unreachable(fmt.Errorf("%s: cut off before its end: %w", cmd.name, because(ctx, err)))
	}
	if err := c.out.Flush(); err != nil {
		c.giveUp(err)
		return "", c.unanswered(ctx, cmd, err)
	}
	return tag, nil
}

// leave waits for "+", or for the answer that says that there will be none.
func (c *IMAP) leave(ctx context.Context, cmd command, tag string) error {
	if err := c.out.Flush(); err != nil {
		return err
	}
	for {
		response, err := c.next()
		switch {
		case err != nil && c.bye != nil:
			return refusal(cmd.name, c.bye)
		case err != nil:
			return err
		case response.Tag == "+":
			return nil
		case response.Tag == tag:
			return refusal(cmd.name, response)
		}
	}
}

// giveUp closes the connection, after which the next answer would be out of
// step, and listens to what the server said before.
func (c *IMAP) giveUp(err error) {
	_ = c.conn.Close()
	for a := range c.answers {
		c.note(a, true)
	}
	c.lost = err
}

// finish reads up to the answer that carries the command's tag. An error of
// each does not end that, so that the connection stays in step.
func (c *IMAP) finish(ctx context.Context, cmd command, tag string) (*Response, error) {
	var eachErr error
	for {
		response, err := c.next()
		switch {
		case err != nil:
			return nil, c.unanswered(ctx, cmd, err)
		case response.Tag == tag && response.Status == "OK":
			return response, eachErr
		case response.Tag == tag:
			return nil, refusal(cmd.name, response)
		case response.Tag != "*" && response.Tag != "+":
			c.giveUp(fmt.Errorf("answer to another command: %q", response.Tag))
			return nil, c.unanswered(ctx, cmd, c.lost)
		case cmd.each != nil && eachErr == nil && response.Tag == "*":
			eachErr = cmd.each(response)
		}
	}
}

// unanswered says what is known of a command that was sent whole and got no
// answer. A server that says BYE instead of one may have done what it was
// asked; what only reads has then been refused all the same.
func (c *IMAP) unanswered(ctx context.Context, cmd command, err error) error {
	switch {
	case c.bye != nil && !cmd.changes:
		return refusal(cmd.name, c.bye)
	case c.bye != nil:
		return fmt.Errorf("%s: no answer but BYE %s", cmd.name, c.bye.Text)
	default:
		return fmt.Errorf("%s: no answer: %w", cmd.name, because(ctx, err))
	}
}

func refusal(name string, response *Response) error {
	return &target.RefusedError{Command: name, Status: response.Status, Code: response.Code, Text: response.Text}
}

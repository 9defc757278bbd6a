package salvage_test

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// crowd speaks as the imapd and the sync_server of a Cyrus do that has many accounts, each
// with one mailbox. Its mail is made up as it is asked for; of what is written to it, it
// keeps the numbers alone, and refuses what is no message of the crowd's.
type crowd struct {
	accounts int
	mail     int // messages of each account at the beginning: UIDs and numbers from 1
	given    int // the last UID that each had given out by then

	mu      sync.Mutex
	written map[string][]uint32 // numbers of the messages that have come, by account
}

// Mail of the crowd.
const (
	crowdDate = 1_767_600_000
	crowdSize = 600 // bytes, about
)

var crowdFiller = strings.Repeat("All work and no play makes a dull benchmark.\r\n", crowdSize/46)

func crowdLetter(account string, number uint32) []byte {
	return fmt.Appendf(nil, "Subject: letter %d\r\nMessage-ID: <%d@%s.example.org>\r\n\r\n%s", number, number, account, crowdFiller)
}

// listen opens both services, until the benchmark ends.
func (c *crowd) listen(b *testing.B) (imap, sync string) {
	b.Helper()
	addresses := [2]string{}
	for i, talk := range []func(*bufio.Reader, *bufio.Writer){c.imap, c.sync} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		must(b, err)
		b.Cleanup(func() { _ = listener.Close() })
		addresses[i] = listener.Addr().String()
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return // it is closed
				}
				go func() {
					defer conn.Close()
					talk(bufio.NewReaderSize(conn, 32<<10), bufio.NewWriterSize(conn, 32<<10))
				}()
			}
		}()
	}
	return addresses[0], addresses[1]
}

// number says which message has a UID; 0: none has.
func (c *crowd) number(account string, uid int) uint32 {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch came := c.written[account]; {
	case uid <= c.mail:
		return uint32(uid)
	case uid > c.given && uid <= c.given+len(came):
		return came[uid-c.given-1]
	}
	return 0
}

func (c *crowd) lastUID(account string) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.given + len(c.written[account])
}

// letters calls each with the messages of these UIDs that are there.
func (c *crowd) letters(account string, first, last int, each func(uid int, letter []byte)) {
	for uid := first; uid <= min(last, c.lastUID(account)); uid++ {
		if number := c.number(account, uid); number != 0 {
			each(uid, crowdLetter(account, number))
		}
	}
}

// sync is the talk of a sync_server.
func (c *crowd) sync(in *bufio.Reader, out *bufio.Writer) {
	fmt.Fprint(out, "* SASL PLAIN\r\n* OK crowd Cyrus sync server\r\n")
	for out.Flush() == nil {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		answer := "OK success\r\n"
		switch words := strings.Fields(line); {
		case words[0] != "GET":
		case words[1] == "USER" || words[1] == "FULLMAILBOX":
			c.tellMailbox(out, strings.TrimPrefix(words[2], "user."), words[1] == "FULLMAILBOX")
		case words[1] == "QUOTA":
			answer = "NO IMAP_QUOTAROOT_NONEXISTENT Quota root does not exist\r\n"
		}
		fmt.Fprint(out, answer)
	}
}

func (c *crowd) tellMailbox(out io.Writer, account string, whole bool) {
	last := c.lastUID(account)
	fmt.Fprintf(out, "* MAILBOX %%(UNIQUEID u%[1]s MBOXNAME user.%[1]s SYNC_CRC 1 LAST_UID %[2]d HIGHESTMODSEQ %[2]d UIDVALIDITY 1 ACL \"%[1]s\tlrswipkxtecdan\t\"", account, last)
	if whole {
		fmt.Fprint(out, " RECORD (")
		c.letters(account, 1, last, func(uid int, letter []byte) {
			fmt.Fprintf(out, "%%(UID %d MODSEQ %d LAST_UPDATED %d FLAGS (\\Seen) INTERNALDATE %d SIZE %d GUID %s) ", uid, uid, crowdDate, crowdDate, len(letter), digestOf(letter))
		})
		fmt.Fprint(out, ")")
	}
	fmt.Fprint(out, ")\r\n")
}

func digestOf(letter []byte) string {
	sum := sha1.Sum(letter)
	return hex.EncodeToString(sum[:])
}

// imap is the talk of an imapd.
func (c *crowd) imap(in *bufio.Reader, out *bufio.Writer) {
	fmt.Fprint(out, "* OK [CAPABILITY IMAP4rev1 LITERAL+] crowd\r\n")
	account := ""
	for out.Flush() == nil {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		tag, command, _ := strings.Cut(strings.TrimSpace(line), " ")
		answer := "OK done"
		switch words := strings.Fields(command); {
		case words[0] == "AUTHENTICATE":
			fmt.Fprint(out, "+ \r\n")
			if account, err = letIn(in, out); err != nil {
				return
			}
			answer = "OK [CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS] welcome"
		case words[0] == "NAMESPACE":
			fmt.Fprint(out, `* NAMESPACE (("INBOX/" "/")) (("user/" "/")) NIL`+"\r\n")
		case words[0] == "LIST":
			c.list(out, account, command)
		case words[0] == "UID":
			c.fetch(out, account, words[2], command)
		case words[0] == "APPEND":
			answer = c.take(in, account, command)
		}
		fmt.Fprintf(out, "%s %s\r\n", tag, answer)
	}
}

// letIn returns as whom the administrator comes in.
func letIn(in *bufio.Reader, out *bufio.Writer) (account string, err error) {
	if err := out.Flush(); err != nil {
		return "", err
	}
	line, err := in.ReadString('\n')
	if err != nil {
		return "", err
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line))
	account, _, _ = strings.Cut(string(plain), "\x00")
	return account, err
}

func (c *crowd) list(out io.Writer, account, command string) {
	switch asked := strings.Split(command, `"`)[3]; { // LIST "" "…"
	case account != "":
		fmt.Fprint(out, `* LIST () "/" INBOX`+"\r\n")
	case asked == "user/%":
		for i := range c.accounts {
			fmt.Fprintf(out, "* LIST () \"/\" user/%s\r\n", accountName(i))
		}
	default:
		fmt.Fprintf(out, "* LIST () \"/\" %s\r\n", asked)
	}
}

// fetch answers UID FETCH. Sets are of single UIDs and ranges.
func (c *crowd) fetch(out io.Writer, account, set, command string) {
	for part := range strings.SplitSeq(set, ",") {
		from, to, isRange := strings.Cut(part, ":")
		first, _ := strconv.Atoi(from)
		last := first
		if isRange {
			last, _ = strconv.Atoi(to)
		}
		if to == "*" {
			last = c.lastUID(account)
		}
		c.letters(account, first, last, func(uid int, letter []byte) {
			switch {
			case strings.Contains(command, "BODY"):
				fmt.Fprintf(out, "* %d FETCH (UID %d BODY[] {%d}\r\n%s)\r\n", uid, uid, len(letter), letter)
			case strings.Contains(command, "FLAGS"):
				fmt.Fprintf(out, "* %d FETCH (UID %d FLAGS (\\Seen) INTERNALDATE \" 5-Jan-2026 08:00:00 +0000\" RFC822.SIZE %d MODSEQ (%d) DIGEST.SHA1 %s)\r\n",
					uid, uid, len(letter), uid, digestOf(letter))
			default:
				fmt.Fprintf(out, "* %d FETCH (UID %d)\r\n", uid, uid)
			}
		})
	}
}

var (
	literal       = regexp.MustCompile(`\{(\d+)\+\}\r?\n?$`)
	letterSubject = regexp.MustCompile(`^Subject: letter (\d+)\r\n`)
)

// take reads the messages of an APPEND.
func (c *crowd) take(in *bufio.Reader, account, line string) string {
	first := c.lastUID(account) + 1
	var came []uint32
	for {
		size := literal.FindStringSubmatch(line)
		if size == nil {
			break
		}
		n, _ := strconv.Atoi(size[1])
		letter := make([]byte, n)
		if _, err := io.ReadFull(in, letter); err != nil {
			return "NO " + err.Error()
		}
		subject := letterSubject.FindSubmatch(letter)
		if subject == nil {
			return "NO this is nobody's letter"
		}
		number, _ := strconv.Atoi(string(subject[1]))
		if string(letter) != string(crowdLetter(account, uint32(number))) {
			return "NO this letter was changed"
		}
		came = append(came, uint32(number))
		var err error
		if line, err = in.ReadString('\n'); err != nil {
			return "NO " + err.Error()
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.written[account] = append(c.written[account], came...)
	return fmt.Sprintf("OK [APPENDUID 1 %d:%d] done", first, first+len(came)-1)
}

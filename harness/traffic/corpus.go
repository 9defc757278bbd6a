package traffic

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"mime"
	"net/mail"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/fixtures"
)

// MarkerField is the header field that identifies a message of a drill.
const MarkerField = "X-Cyrdrill-Marker"

// Corpus writes messages. Its words come from its seed, so that a drill's mail
// is the same on every run and target.
type Corpus struct {
	rand     *rand.Rand
	draft    bytes.Buffer   // in which a message is written, before its length is known
	made     map[string]int // by account
	fixtures []fixtures.Message
}

// NewCorpus returns a corpus for a drill with that seed.
func NewCorpus(seed uint64) *Corpus {
	const stream = 0x636f72707573 // keeps mail's words apart from traffic's choices
	return &Corpus{rand: rand.New(rand.NewPCG(seed, stream)), made: map[string]int{}, fixtures: fixtures.Messages()}
}

// Topics are what mail is about, as far as users' rules care.
func Topics() []string { return []string{"lists", "family", "bills"} }

// Message writes a new message for the account and returns its marker and its
// bytes, with CRLF line ends (RFC 5322). About half of them are plain text; the
// others are what real mailboxes hold besides: multipart mail, attachments of
// up to some MB, odd headers, no body at all, and the oddities of [fixtures].
func (c *Corpus) Message(account string, date time.Time) (marker string, body []byte) {
	c.made[account]++
	marker = fmt.Sprintf("%s-%04d", account, c.made[account])
	b := &c.draft
	b.Reset()
	head := func(name, value string) {
		for _, part := range []string{name, ": ", value, "\r\n"} {
			b.WriteString(part)
		}
	}
	sender := words[c.rand.IntN(len(words))]
	head("From", (&mail.Address{Name: sender, Address: sender + "@sender.example"}).String())
	head("To", (&mail.Address{Address: account + "@drill.example"}).String())
	head("Date", date.UTC().Format(time.RFC1123Z))
	head("Message-ID", "<"+marker+"@drill.example>")
	head(MarkerField, marker)
	if topic := c.rand.IntN(2 * len(Topics())); topic < len(Topics()) {
		head(TopicField, Topics()[topic])
	}
	head("MIME-Version", "1.0")
	switch kind := c.rand.IntN(400); {
	case kind < 200:
		c.plain(b)
	case kind < 280:
		c.alternative(b)
	case kind < 300:
		c.attachment(b, 1<<10+c.rand.IntN(60<<10))
	case kind == 300:
		c.attachment(b, 1<<20+c.rand.IntN(1<<20))
	case kind < 360:
		c.oddHeaders(b)
	case kind < 380:
		b.Write(c.fixtures[c.rand.IntN(len(c.fixtures))].Text)
	default:
		head("Subject", "")
		b.WriteString("\r\n") // and no body
	}
	if body = b.Bytes(); len(body) > longDraft {
		c.draft = bytes.Buffer{}
		return marker, body
	}
	return marker, bytes.Clone(body)
}

// longDraft is from how many bytes on a message is handed out as it was written, and
// not copied.
const longDraft = 128 << 10

func (c *Corpus) plain(b *bytes.Buffer) {
	fmt.Fprintf(b, "Subject: %s\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n", c.sentence(3+c.rand.IntN(5)))
	c.paragraph(b)
}

func (c *Corpus) paragraph(b *bytes.Buffer) {
	for range 3 + c.rand.IntN(20) {
		c.writeSentence(b, 4+c.rand.IntN(7))
		b.WriteString(".\r\n")
	}
}

// alternative writes text in UTF-8, and once more as HTML.
func (c *Corpus) alternative(b *bytes.Buffer) {
	fmt.Fprintf(b, "Subject: %s\r\n", mime.QEncoding.Encode("utf-8", "Grüße: "+c.sentence(4)))
	b.WriteString("Content-Type: multipart/alternative; boundary=\"=_part\"\r\n\r\n")
	for _, kind := range []string{"plain", "html"} {
		fmt.Fprintf(b, "--=_part\r\nContent-Type: text/%s; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSchöne Grüße, ", kind)
		c.paragraph(b)
	}
	b.WriteString("--=_part--\r\n")
}

// attachment writes a message with about so many bytes of base64 in it.
func (c *Corpus) attachment(b *bytes.Buffer, size int) {
	fmt.Fprintf(b, "Subject: %s\r\nContent-Type: multipart/mixed; boundary=\"=_part\"\r\n\r\n", c.sentence(2))
	b.WriteString("--=_part\r\n\r\n")
	c.paragraph(b)
	b.WriteString("--=_part\r\nContent-Type: application/octet-stream; name=\"a b.bin\"\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	const lineBytes, lineLength = 57, 78
	b.Grow(size + 2*lineLength)
	var raw [lineBytes + 8]byte
	for written := 0; written < size; written += lineLength {
		for i := 0; i < lineBytes; i += 8 {
			binary.LittleEndian.PutUint64(raw[i:], c.rand.Uint64())
		}
		b.Write(base64.StdEncoding.AppendEncode(b.AvailableBuffer(), raw[:lineBytes]))
		b.WriteString("\r\n")
	}
	b.WriteString("--=_part--\r\n")
}

// oddHeaders writes what is legal and seldom: folded and repeated fields, a
// long line, blanks where nobody looks for them.
func (c *Corpus) oddHeaders(b *bytes.Buffer) {
	fmt.Fprintf(b, "Subject: %s\r\n  %s\r\n\t%s\r\n", c.sentence(3), c.sentence(3), c.sentence(2))
	fmt.Fprintf(b, "Received: from a (a [192.0.2.1])\r\n\tby b; Mon, 5 Jan 2026 08:00:00 +0000 (UTC)\r\n")
	fmt.Fprintf(b, "Received: from b by c; Mon, 5 Jan 2026 08:00:01 +0000\r\n")
	fmt.Fprintf(b, "X-Long: %s\r\nX-Empty:\r\nContent-type: TEXT/PLAIN\r\n\r\n", strings.Repeat("0123456789", 90))
	c.paragraph(b)
}

func (c *Corpus) sentence(length int) string {
	var b bytes.Buffer
	c.writeSentence(&b, length)
	return b.String()
}

func (c *Corpus) writeSentence(b *bytes.Buffer, length int) {
	for i := range length {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(words[c.rand.IntN(len(words))])
	}
}

var words = strings.Fields(`
	anchor barley candle delta ember fathom garden harbour island juniper
	kettle lantern meadow north orchard pebble quarry river signal timber
	umbra valley willow yarrow zephyr bridge copper dune estuary furrow`)

package traffic

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/cyrdrill/cyrdrill/fixtures"
)

// MarkerField is the header field that identifies a message of a drill.
const MarkerField = "X-Cyrdrill-Marker"

// Corpus writes messages. Its words come from its seed, so that a drill's mail
// is the same on every run and target.
type Corpus struct {
	rand      *rand.Rand
	draft     []byte            // in which a message is written, before its length is known
	made      map[string]int    // by account
	addresses map[string]string // the same
	fixtures  []fixtures.Message
}

// NewCorpus returns a corpus for a drill with that seed.
func NewCorpus(seed uint64) *Corpus {
	const stream = 0x636f72707573 // keeps mail's words apart from traffic's choices
	return &Corpus{rand: rand.New(rand.NewPCG(seed, stream)), made: map[string]int{}, addresses: map[string]string{}, fixtures: fixtures.Messages()}
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
	sender := words[c.rand.IntN(len(words))]
	b := c.draft[:0]
	b = add(b, "From: \"", sender, "\" <", sender, "@sender.example>\r\n")
	b = add(b, "To: ", c.address(account), "\r\nDate: ")
	b = date.UTC().AppendFormat(b, time.RFC1123Z)
	b = add(b, "\r\nMessage-ID: <", marker, "@drill.example>\r\n"+MarkerField+": ", marker, "\r\n")
	if topic := c.rand.IntN(2 * len(Topics())); topic < len(Topics()) {
		b = add(b, TopicField+": ", Topics()[topic], "\r\n")
	}
	b = add(b, "MIME-Version: 1.0\r\n")
	switch kind := c.rand.IntN(400); {
	case kind < 200:
		b = c.plain(b)
	case kind < 280:
		b = c.alternative(b)
	case kind < 300:
		b = c.attachment(b, 1<<10+c.rand.IntN(60<<10))
	case kind == 300:
		b = c.attachment(b, 1<<20+c.rand.IntN(1<<20))
	case kind < 360:
		b = c.oddHeaders(b)
	case kind < 380:
		b = append(b, c.fixtures[c.rand.IntN(len(c.fixtures))].Text...)
	default:
		b = add(b, "Subject: \r\n\r\n") // and no body
	}
	if len(b) > longDraft {
		c.draft = nil
		return marker, b
	}
	c.draft = b
	return marker, bytes.Clone(b)
}

// longDraft is from how many bytes on a message is handed out as it was written, and
// not copied.
const longDraft = 128 << 10

// add writes one text after the other behind what is there.
func add(b []byte, texts ...string) []byte {
	for _, text := range texts {
		b = append(b, text...)
	}
	return b
}

// address returns what stands in the To of an account's mail.
func (c *Corpus) address(account string) string {
	known, ok := c.addresses[account]
	if !ok {
		known = (&mail.Address{Address: account + "@drill.example"}).String()
		c.addresses[account] = known
	}
	return known
}

func (c *Corpus) plain(b []byte) []byte {
	b = c.sentence(add(b, "Subject: "), 3+c.rand.IntN(5))
	b = add(b, "\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n")
	return c.paragraph(b)
}

func (c *Corpus) paragraph(b []byte) []byte {
	for range 3 + c.rand.IntN(20) {
		b = append(c.sentence(b, 4+c.rand.IntN(7)), ".\r\n"...)
	}
	return b
}

// alternative writes text in UTF-8, and once more as HTML.
func (c *Corpus) alternative(b []byte) []byte {
	subject := c.sentence([]byte("Grüße: "), 4)
	b = add(b, "Subject: ", mime.QEncoding.Encode("utf-8", string(subject)))
	b = add(b, "\r\nContent-Type: multipart/alternative; boundary=\"=_part\"\r\n\r\n")
	for _, kind := range []string{"plain", "html"} {
		b = add(b, "--=_part\r\nContent-Type: text/", kind, "; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nSchöne Grüße, ")
		b = c.paragraph(b)
	}
	return add(b, "--=_part--\r\n")
}

// attachment writes a message with about so many bytes of base64 in it.
func (c *Corpus) attachment(b []byte, size int) []byte {
	b = c.sentence(add(b, "Subject: "), 2)
	b = add(b, "\r\nContent-Type: multipart/mixed; boundary=\"=_part\"\r\n\r\n--=_part\r\n\r\n")
	b = c.paragraph(b)
	b = add(b, "--=_part\r\nContent-Type: application/octet-stream; name=\"a b.bin\"\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	const lineBytes, lineLength = 57, 78
	b = slices.Grow(b, size+2*lineLength)
	var raw [lineBytes + 8]byte
	for written := 0; written < size; written += lineLength {
		for i := 0; i < lineBytes; i += 8 {
			binary.LittleEndian.PutUint64(raw[i:], c.rand.Uint64())
		}
		b = append(base64.StdEncoding.AppendEncode(b, raw[:lineBytes]), "\r\n"...)
	}
	return add(b, "--=_part--\r\n")
}

// oddHeaders writes what is legal and seldom: folded and repeated fields, a
// long line, blanks where nobody looks for them.
func (c *Corpus) oddHeaders(b []byte) []byte {
	b = c.sentence(add(b, "Subject: "), 3)
	b = c.sentence(add(b, "\r\n  "), 3)
	b = c.sentence(add(b, "\r\n\t"), 2)
	b = add(b, "\r\nReceived: from a (a [192.0.2.1])\r\n\tby b; Mon, 5 Jan 2026 08:00:00 +0000 (UTC)\r\n",
		"Received: from b by c; Mon, 5 Jan 2026 08:00:01 +0000\r\nX-Long: ")
	for range 90 {
		b = append(b, "0123456789"...)
	}
	b = add(b, "\r\nX-Empty:\r\nContent-type: TEXT/PLAIN\r\n\r\n")
	return c.paragraph(b)
}

// sentence writes so many words.
func (c *Corpus) sentence(b []byte, length int) []byte {
	for i := range length {
		if i > 0 {
			b = append(b, ' ')
		}
		b = append(b, words[c.rand.IntN(len(words))]...)
	}
	return b
}

var words = strings.Fields(`
	anchor barley candle delta ember fathom garden harbour island juniper
	kettle lantern meadow north orchard pebble quarry river signal timber
	umbra valley willow yarrow zephyr bridge copper dune estuary furrow`)

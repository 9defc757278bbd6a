package traffic

import (
	"fmt"
	"math/rand/v2"
	"net/mail"
	"strings"
	"time"
)

// MarkerField is the header field that identifies a message of a drill.
const MarkerField = "X-Cyrdrill-Marker"

// Corpus writes messages. Its words come from its seed, so that a drill's mail
// is the same on every run and target.
type Corpus struct {
	rand *rand.Rand
	made map[string]int // by account
}

// NewCorpus returns a corpus for a drill with that seed.
func NewCorpus(seed uint64) *Corpus {
	const stream = 0x636f72707573 // keeps mail's words apart from traffic's choices
	return &Corpus{rand: rand.New(rand.NewPCG(seed, stream)), made: map[string]int{}}
}

// Message writes a new message for the account and returns its marker and its
// bytes, with CRLF line ends (RFC 5322).
func (c *Corpus) Message(account string, date time.Time) (marker string, body []byte) {
	c.made[account]++
	marker = fmt.Sprintf("%s-%04d", account, c.made[account])
	var b strings.Builder
	head := func(name, value string) { fmt.Fprintf(&b, "%s: %s\r\n", name, value) }
	sender := words[c.rand.IntN(len(words))]
	head("From", (&mail.Address{Name: sender, Address: sender + "@sender.example"}).String())
	head("To", (&mail.Address{Address: account + "@drill.example"}).String())
	head("Subject", c.sentence(3+c.rand.IntN(5)))
	head("Date", date.UTC().Format(time.RFC1123Z))
	head("Message-ID", "<"+marker+"@drill.example>")
	head(MarkerField, marker)
	head("MIME-Version", "1.0")
	head("Content-Type", "text/plain; charset=us-ascii")
	b.WriteString("\r\n")
	for range 3 + c.rand.IntN(20) {
		b.WriteString(c.sentence(4 + c.rand.IntN(7)))
		b.WriteString(".\r\n")
	}
	return marker, []byte(b.String())
}

func (c *Corpus) sentence(length int) string {
	chosen := make([]string, length)
	for i := range chosen {
		chosen[i] = words[c.rand.IntN(len(words))]
	}
	return strings.Join(chosen, " ")
}

var words = strings.Fields(`
	anchor barley candle delta ember fathom garden harbour island juniper
	kettle lantern meadow north orchard pebble quarry river signal timber
	umbra valley willow yarrow zephyr bridge copper dune estuary furrow`)

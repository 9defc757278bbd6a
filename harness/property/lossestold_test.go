package property_test

import (
	"slices"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

func TestLossesToldCatches(t *testing.T) {
	scene := func() property.Scene {
		return property.Scene{Promises: promises(), Mail: mail(map[string]*property.ReadMailbox{"INBOX": intact()})}
	}
	lose := func(s *property.Scene) {
		box := inbox(s)
		box.Messages = slices.DeleteFunc(box.Messages, func(m property.ReadMessage) bool { return m.Marker == "kept" })
	}
	tell := func(s *property.Scene, l property.Lost) { s.Reported.Lost = append(s.Reported.Lost, l) }
	place := target.Place{Server: target.Imap2, Account: "alice", Mailbox: "INBOX", UID: 1, GUID: "sha1 of kept"}
	runScenes(t, property.LossesTold{}, scene, 2, []plantedScene{
		{"a loss that nobody told of", lose, property.Fail, "it was acknowledged and is not there, and nobody was told"},
		{"a loss that was told", func(s *property.Scene) { lose(s); tell(s, property.Lost{Place: place}) }, property.Pass, "it was told"},
		{"a loss with the mailbox that was told", func(s *property.Scene) {
			lose(s)
			tell(s, property.Lost{Place: target.Place{Server: target.Imap2, Account: "alice", Mailbox: "INBOX"}})
		}, property.Pass, "it was told"},
		{"another message that was told", func(s *property.Scene) {
			lose(s)
			other := place
			other.GUID = "sha1 of another"
			tell(s, property.Lost{Place: other})
		}, property.Fail, "nobody was told"},
		{"another account that was told", func(s *property.Scene) {
			lose(s)
			tell(s, property.Lost{Place: target.Place{Server: target.Imap2, Account: "bob"}})
		}, property.Fail, "nobody was told"},
		{"another server that was told", func(s *property.Scene) { lose(s); tell(s, property.Lost{Place: target.Place{Server: target.Imap1}}) }, property.Fail, "nobody was told"},
		{"told last, and there", func(s *property.Scene) { tell(s, property.Lost{Place: place, Last: true}) }, property.Fail, "it was told to be lost, and it is there"},
		{"told before it was brought back", func(s *property.Scene) { tell(s, property.Lost{Place: place}) }, property.Pass, ""},
		{"told in doubt, and there", func(s *property.Scene) { tell(s, property.Lost{Place: place, Last: true, Doubtful: true}) }, property.Pass, ""},
		{"a mailbox without an answer", func(s *property.Scene) { *inbox(s) = property.ReadMailbox{Unknown: errLate} }, property.Unknown, "no answer came"},
	})
}

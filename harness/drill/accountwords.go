package drill

import (
	"fmt"
	"time"

	"github.com/cyrdrill/cyrdrill/harness/property"
	"github.com/cyrdrill/cyrdrill/harness/restore"
)

// inWords says what a user can be told, who knows mail and folders and nothing
// of servers.
func (o AccountOutcome) inWords(judgedLosses bool) []string {
	var words []string
	say := func(n int, one, many string) {
		switch {
		case n == 1:
			words = append(words, one)
		case n > 1:
			words = append(words, fmt.Sprintf(many, n))
		}
	}
	if o.Outage > 0 {
		words = append(words, fmt.Sprintf("You could not reach your mail for %s.", inSeconds(o.Outage)))
	}
	say(o.Done[restore.Copy]+o.Done[restore.PutBack], "1 message that was missing for a while is back.", "%d messages that were missing for a while are back.")
	say(o.Done[restore.Expunge], "1 message that you had deleted had come back, and is gone again.", "%d messages that you had deleted had come back, and are gone again.")
	say(o.folders(), "1 folder that you had made, renamed or deleted is so again.", "%d folders that you had made, renamed or deleted are so again.")
	say(o.settings(), "1 flag or setting was brought back to what you had chosen.", "%d flags and settings were brought back to what you had chosen.")
	say(o.scripts(), "Your filing rules were brought back to those that you stored last.", "Your filing rules were brought back to those that you stored last (%d changes).")
	say(o.Misfiled, "1 message was filed by older rules of yours; look for it in your other folders.", "%d messages were filed by older rules of yours; look for them in your other folders.")
	say(o.Doubtful, "1 message may be there that you had deleted: we could not tell, and kept it.", "%d messages may be there that you had deleted: we could not tell, and kept them.")
	say(o.DoubtfulFlags, "1 message that you had copied or moved may lack flags of yours: we could not tell, and left it as it was.", "%d messages that you had copied or moved may lack flags of yours: we could not tell, and left them as they were.")
	say(o.Caches, "Your mail program may show wrong messages in 1 folder until it has fetched that anew.", "Your mail program may show wrong messages in %d folders until it has fetched those anew.")
	lost := max(o.Lost, o.Broken[(property.NoLoss{}).Name()])
	say(lost, "1 message is lost.", "%d messages are lost.")
	for _, b := range brokenWords() {
		say(o.Broken[b.property.Name()], b.one, b.many)
	}
	switch {
	case o.State == NotKnown:
		words = append(words, "Whether all else is as you left it is not known yet.")
	case len(words) == 0 && o.State == Untouched:
		words = append(words, "Nothing has happened to your mail that you would notice.")
	case o.State != Harmed:
		words = append(words, "Nothing is missing.")
	case lost == 0 && !judgedLosses:
		words = append(words, "Whether a message is missing is not known.")
	case lost == 0:
		words = append(words, "No message is missing.")
	}
	return words
}

func (o AccountOutcome) folders() int {
	return o.Done[restore.Create] + o.Done[restore.Remake] + o.Done[restore.Rename] + o.Done[restore.Delete]
}

func (o AccountOutcome) settings() int {
	return o.Done[restore.Flag] + o.Done[restore.Subscribe] + o.Done[restore.Unsubscribe] +
		o.Done[restore.SetACL] + o.Done[restore.SetAnnotation] + o.Done[restore.SetQuota]
}

func (o AccountOutcome) scripts() int {
	return o.Done[restore.PutScript] + o.Done[restore.Activate] + o.Done[restore.DeleteScript]
}

// brokenWord is how a user is told that a property is broken for them.
type brokenWord struct {
	property  property.Property
	one, many string
}

func brokenWords() []brokenWord {
	return []brokenWord{
		{property.NoResurrection{}, "1 message that you had deleted is there again.", "%d messages that you had deleted are there again."},
		{property.NoDoubles{}, "1 message is there twice.", "%d messages are there twice."},
		{property.StateKept{}, "1 flag, folder or setting is not as you left it.", "%d flags, folders or settings are not as you left them."},
		{property.RulesCurrent{}, "Your mail is not filed by the rules that you stored last.", "Your mail is not filed by the rules that you stored last (%d differences)."},
		{property.IMAPPromises{}, "Your mail program may show a wrong message: let it fetch everything anew.", "Your mail program may show wrong messages (%d so far): let it fetch everything anew."},
		{property.Access{}, "1 folder or message of yours cannot be opened.", "%d folders or messages of yours cannot be opened."},
	}
}

// inSeconds rounds up: nobody is told of an outage of 0 seconds.
func inSeconds(d time.Duration) string {
	seconds := int((d + time.Second - 1) / time.Second)
	switch {
	case seconds == 1:
		return "1 second"
	case seconds < 120:
		return fmt.Sprintf("%d seconds", seconds)
	}
	return fmt.Sprintf("%d minutes", (seconds+59)/60)
}

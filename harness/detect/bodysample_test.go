package detect_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/sim"
)

// A sample finds about its share of the damage at each look, other parts of it at others,
// the same again where seed and time are the same, and all of it in the end.
func TestBodySampleDrawsOtherPartsAtEachLook(t *testing.T) {
	const messages = 200
	sampled := func(seed uint64, looks int) [][]string {
		pair, err := sim.New().NewPair(t.Context(), target.Spec{Seed: 1, Accounts: accounts})
		if err != nil {
			t.Fatal(err)
		}
		session, err := pair.Serving().User().Login(t.Context(), "alice")
		if err != nil {
			t.Fatal(err)
		}
		for i := range messages {
			body := fmt.Appendf(nil, "Subject: %d\r\n\r\n", i)
			if _, _, err := session.Append(t.Context(), "INBOX", target.AppendMessage{Body: body}); err != nil {
				t.Fatal(err)
			}
		}
		settled(t, pair)
		for uid := range uint32(messages) {
			if _, err := pair.Saboteur().(target.SpoolSaboteur).SpoilMessage(t.Context(), target.Imap2, "alice", "INBOX", uid+1, target.Flipped); err != nil {
				t.Fatal(err)
			}
		}
		var found [][]string
		for range looks {
			found = append(found, foundBy(t, pair, detect.BodySample{Share: 0.2, Seed: seed}))
			if err := pair.Clock().Sleep(t.Context(), time.Minute); err != nil {
				t.Fatal(err)
			}
		}
		return found
	}
	rounds := sampled(1, 40)
	total := 0
	for i, found := range rounds {
		total += len(found)
		if i > 0 && slices.Equal(found, rounds[i-1]) {
			t.Errorf("look %d draws what the one before has drawn: %v", i, found)
		}
	}
	if mean := total / len(rounds); mean < messages/6 || mean > messages/4 {
		t.Errorf("a fifth of %d is found to be %d", messages, mean)
	}
	all := slices.Concat(rounds...)
	slices.Sort(all)
	if all = slices.Compact(all); len(all) < messages-1 {
		t.Errorf("%d looks have found %d of %d", len(rounds), len(all), messages)
	}
	if diff := cmp.Diff(rounds[:2], sampled(1, 2)); diff != "" {
		t.Errorf("the same seed at the same time draws something else:\n%s", diff)
	}
	if other := sampled(2, 1); slices.Equal(rounds[0], other[0]) {
		t.Error("another seed draws the same")
	}
}

// What is sampled is promised by the chance that a look has, and the sampling detector is
// known by its name, though no two targets need find the same by it.
func TestBodySampleIsKnownAndPromisesItsShare(t *testing.T) {
	d, ok := detect.ByName("body-sample")
	if !ok || d.Promise().Probability != d.(detect.BodySample).Share || d.Promise().Probability >= 1 {
		t.Errorf("%v, %v", d, ok)
	}
	for _, all := range detect.All() {
		if all.Promise().Probability != 1 || all.Name() == d.Name() {
			t.Errorf("%s is among those that always find the same", all.Name())
		}
	}
}

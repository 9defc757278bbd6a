package fault

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// SplitBrain lets both servers take mail while they do not see each other.
type SplitBrain struct{}

// Name implements [Fault].
func (SplitBrain) Name() string { return "split-brain" }

// Doc implements [Fault].
func (SplitBrain) Doc() string {
	return "the two servers are cut off from each other, and both take a message for each account, under the same UID"
}

// Effects implements [Fault].
func (SplitBrain) Effects() Effects {
	return Effects{Breaks: BothSides, StopsReplication: true, EitherSide: true}
}

// Inject implements [Fault].
func (SplitBrain) Inject(ctx context.Context, scene Scene) (Instance, error) {
	cut, err := cutOff(ctx, scene)
	if err != nil {
		return nil, err
	}
	evidence, damage, written := cut.frozen, cut.itself(), []gone(nil)
	for i, account := range scene.Accounts {
		var sides [2]gone
		for j, server := range scene.Pair.Servers() {
			if sides[j], err = appendInto(ctx, server, ChosenMailbox{Account: account, Mailbox: "INBOX"}, burden(2*i+j)); err != nil {
				return nil, err
			}
			for _, on := range scene.Pair.Servers() { // each belongs on both
				there := sides[j].place
				there.Server = on.Name()
				written = append(written, gone{there})
			}
		}
		damage = append(damage, clash(sides, cut.scene.On.Other())...)
		evidence = evidence.And(target.Evidence{Facts: []target.Fact{{
			What: fmt.Sprintf("last messages in INBOX of %s on both sides", account), Before: "the same",
			After: fmt.Sprintf("UID %d %.8s and UID %d %.8s", sides[0].place.UID, sides[0].place.GUID, sides[1].place.UID, sides[1].place.GUID),
		}}})
	}
	evidence.Summary += fmt.Sprintf(", and both servers took mail for %d accounts", len(scene.Accounts))
	return &standing{evidence: evidence, damage: damage, live: func(ctx context.Context) (bool, error) {
		if lasts, err := cut.lasts(ctx); lasts || err != nil {
			return true, err
		}
		return anyMissing(ctx, scene.Pair, written)
	}}, nil
}

// clash is what is wrong where each side has a message that the other has not.
func clash(sides [2]gone, replica target.ServerName) []Damage {
	if sides[0].place.UID == sides[1].place.UID {
		for _, side := range sides {
			if side.place.Server == replica {
				return []Damage{{Place: side.place, Kind: target.GUIDDiffers, How: "each side gave the UID to a message of its own"}}
			}
		}
	}
	var damage []Damage
	for _, side := range sides {
		there := side.place
		there.Server = there.Server.Other()
		damage = append(damage, Damage{Place: there, Kind: target.MessageMissing, How: "the other side alone took it"})
	}
	return damage
}

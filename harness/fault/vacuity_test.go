package fault_test

import (
	"context"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/fault"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// A saboteur that changes nothing, and says that it did, leaves no evidence.
func TestSaboteurThatChangesNothing(t *testing.T) {
	pair := newPair(t)
	cases := filesCases()
	for _, f := range fault.All() {
		tc, ours := cases[f.Name()]
		if !ours && f.Name() != "index-record-damaged" {
			continue
		}
		t.Run(f.Name(), func(t *testing.T) {
			furnish(t, pair)
			idle := idlePair{pair, idler{pair.Saboteur(), pair.Saboteur().(target.Witness)}}
			instance, err := f.Inject(t.Context(), filesScene(idle, target.Imap1, tc))
			if err != nil {
				t.Fatal(err)
			}
			report := look(t, instance)
			if report.Evidence.Landed() || len(report.Damage) > 0 || report.State == fault.Live && len(report.Damage) > 0 {
				t.Errorf("evidence or damage of nothing: %+v", report)
			}
		})
	}
}

type idlePair struct {
	target.Pair
	saboteur idler
}

func (p idlePair) Saboteur() target.Saboteur { return p.saboteur }

// idler does nothing of what the faults of these groups ask for.
type idler struct {
	target.Saboteur
	target.Witness
}

func lie() (target.Evidence, error) {
	return target.Evidence{Summary: "it was broken", Facts: []target.Fact{{What: "it", Before: "whole", After: "broken"}}}, nil
}

type (
	ctx  = context.Context
	name = target.ServerName
	said = target.Evidence
)

func (idler) TruncateIndex(ctx, name, string, string) (said, error)                     { return lie() }
func (idler) DamageRecord(ctx, name, string, string) (said, error)                      { return lie() }
func (idler) SpoilIndex(ctx, name, string, string, target.Harm) (said, error)           { return lie() }
func (idler) WipeRecord(ctx, name, string, string, uint32) (said, error)                { return lie() }
func (idler) SpoilMessage(ctx, name, string, string, uint32, target.Harm) (said, error) { return lie() }
func (idler) SwapMessages(ctx, name, string, string, uint32, uint32) (said, error)      { return lie() }
func (idler) AddMessageFile(ctx, name, string, string, uint32, []byte) (said, error)    { return lie() }
func (idler) SpoilCache(ctx, name, string, string, target.Harm) (said, error)           { return lie() }
func (idler) RemoveHeader(ctx, name, string, string) (said, error)                      { return lie() }
func (idler) RemoveFolder(ctx, name, string, string) (said, error)                      { return lie() }
func (idler) RemoveEntry(ctx, name, string, string) (said, error)                       { return lie() }
func (idler) SpoilList(ctx, name, target.Harm) (said, error)                            { return lie() }
func (idler) SpoilConversations(ctx, name, string, target.Harm) (said, error)           { return lie() }
func (idler) SpoilSeen(ctx, name, string, target.Harm) (said, error)                    { return lie() }
func (idler) ReplaceSource(ctx, name, string, string, []byte) (said, error)             { return lie() }
func (idler) ReplaceCompiled(ctx, name, string, string, []byte) (said, error)           { return lie() }
func (idler) AgeCompiled(ctx, name, string, string, []byte) (said, error)               { return lie() }
func (idler) RemoveCompiled(ctx, name, string, string) (said, error)                    { return lie() }
func (idler) RemoveActiveLink(ctx, name, string) (said, error)                          { return lie() }
func (idler) RemoveSource(ctx, name, string, string) (said, error)                      { return lie() }
func (idler) Mislead(ctx, name, target.Hearsay) (said, error)                           { return lie() }
func (idler) SwapGUIDs(ctx, name, string, string, uint32, uint32) (said, error)         { return lie() }
func (idler) SwapDates(ctx, name, string, string, uint32, uint32) (said, error)         { return lie() }
func (idler) SetLastUID(ctx, name, string, string, uint32) (said, error)                { return lie() }
func (idler) DenyMessage(ctx, name, string, string, uint32, target.Denial) (said, error) {
	return lie()
}

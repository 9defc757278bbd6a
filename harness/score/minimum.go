package score

import (
	"fmt"
	"slices"

	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Minimum returns what each detector has to claim at least, so that nobody's recall
// gets better by claiming less. Together the claims cover every kind of damage that a
// fault of the catalogue does, but for those of [Unclaimed].
func Minimum() map[string][]target.Kind {
	return map[string][]target.Kind{
		"monitor": {target.ReplicationStopped, target.ReplicaBehind, target.ServerDown, target.ServerHung},
		"access":  {target.MailboxUnreadable},
		"index-compare": {
			target.MessageMissing, target.ExpungeMissing, target.TombstoneMissing, target.GUIDDiffers, target.FlagsDiffer,
			target.DateDiffers, target.ModSeqDiffers, target.UIDValidityDiffers, target.UniqueIDDiffers, target.LastUIDDiffers,
			target.MailboxMissing, target.MailboxNameDiffers, target.DeletionMissing, target.ACLDiffers, target.QuotaDiffers,
			target.QuotaRootDiffers, target.AnnotationsDiffer, target.SubscriptionDiffers, target.SeenDiffers,
		},
		"body-compare":   {target.BodyDiffers},
		"spool-check":    {target.BodyDiffers, target.StrayFile, target.FileInaccessible},
		"script-compare": {target.ScriptStale, target.ScriptDiffers, target.CompiledScriptStale, target.CompiledScriptMissing},
		"list-compare":   {target.AccountMissing, target.MailboxMissing},
		"health":         {target.DataFileDamaged, target.DiskFull, target.DiskReadOnly, target.ClockWrong},
		"crash-watch":    {target.ProcessCrashed},
		"client-caches":  {target.ClientCachesWrong},
	}
}

// Unclaimed are the kinds of damage that nobody can claim, and why.
func Unclaimed() map[target.Kind]string {
	return map[target.Kind]string{
		target.MessageLost:    "neither side has the message, and what both sides have is a message that its user expunged, or none",
		target.MessageDoubled: "a message that stands twice in a mailbox is also what its user gets who copies it there: what can be observed does not tell them apart",
	}
}

// decided are the kinds of damage in which the evidence tells which side is right: a
// body and the GUID that was recorded when it came, a script and the one that it was
// compiled from. In all others a master is believed that says something else than its
// replica, unless something speaks against it; where it was the master that was hurt,
// nothing does.
func decided() []target.Kind {
	return []target.Kind{target.BodyDiffers, target.ScriptStale, target.CompiledScriptStale, target.CompiledScriptMissing}
}

// Shortcomings are what a score owes the minimum of claims, a line each: a trial that
// tells nothing or was not made, damage that was not found or for which the damaged side
// is believed right, a false alarm, a detector that could not look at what it claims.
func (s Score) Shortcomings() (failures, unknowns []string) {
	minimum := Minimum()
	if s.Partial != "" {
		unknowns = append(unknowns, "the score is partial: "+s.Partial)
	}
	for _, t := range s.Trials {
		at := fmt.Sprintf("%s on the %s (%s)", t.Fault, t.Role, t.On)
		if t.Void != "" {
			unknowns = append(unknowns, at+": "+t.Void)
			continue
		}
		for _, c := range t.Cells {
			for _, p := range c.Pieces {
				switch {
				case !slices.Contains(minimum[c.Detector], p.Damage.Kind):
				case !p.Found && c.Failed != "":
					failures = append(failures, fmt.Sprintf("%s: %s missed %s at %s, for it could not look: %s", at, c.Detector, p.Damage.Kind, p.Damage.Place, c.Failed))
				case !p.Found:
					failures = append(failures, fmt.Sprintf("%s: %s missed %s at %s", at, c.Detector, p.Damage.Kind, p.Damage.Place))
				case p.Side == WrongSide && slices.Contains(decided(), p.Damage.Kind):
					failures = append(failures, fmt.Sprintf("%s: %s believes the damaged side right: %s at %s", at, c.Detector, p.Damage.Kind, p.Damage.Place))
				}
			}
			if c.Touched != "" {
				failures = append(failures, fmt.Sprintf("%s: %s changed what it looked at: %s", at, c.Detector, c.Touched))
			}
			if _, ours := minimum[c.Detector]; !ours {
				continue
			}
			for _, f := range c.False {
				failures = append(failures, fmt.Sprintf("%s: false alarm of %s: %s", at, c.Detector, f))
			}
		}
	}
	return failures, unknowns
}

package canaries_test

import (
	"context"
	"slices"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/detect"
	"github.com/cyrdrill/cyrdrill/harness/drill"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// blinkered is a detector that does not see all.
type blinkered struct {
	detect.Detector
	scene  func(*detect.Scene)
	unseen func(detect.Finding) bool // nil: none is
}

func (b blinkered) Detect(ctx context.Context, scene detect.Scene) ([]detect.Finding, error) {
	if b.scene != nil {
		b.scene(&scene)
	}
	found, err := b.Detector.Detect(ctx, scene)
	if b.unseen != nil {
		found = slices.DeleteFunc(found, b.unseen)
	}
	return found, err
}

// detector puts another one in the place of the one that it is made of.
func detector(of detect.Detector, another func(target.Pair) detect.Detector) func(testing.TB) planted {
	return func(testing.TB) planted {
		return planted{logic: func(pair target.Pair) drill.Logic {
			return drill.Logic{Detector: func(named detect.Detector) detect.Detector {
				if named.Name() == of.Name() {
					return another(pair)
				}
				return named
			}}
		}}
	}
}

func blinkers(b blinkered) func(testing.TB) planted {
	return detector(b.Detector, func(target.Pair) detect.Detector { return b })
}

// blind is a detector that finds nothing of some kinds.
func blind(of detect.Detector, kinds ...target.Kind) func(testing.TB) planted {
	return blinkers(blinkered{Detector: of, unseen: func(f detect.Finding) bool { return slices.Contains(kinds, f.Kind) }})
}

// ofTheDetectors are bugs of detectors.
func ofTheDetectors() []bird {
	return []bird{
		{name: "messages-uncompared", where: "detect.IndexCompare", what: "a message that one side lacks is passed over", plant: blind(detect.IndexCompare{}, target.MessageMissing)},
		{name: "tombstones-uncompared", where: "detect.IndexCompare", what: "an expunge that one side lacks is passed over", plant: blind(detect.IndexCompare{}, target.ExpungeMissing)},
		{name: "flags-uncompared", where: "detect.IndexCompare", what: "flags and keywords are not compared", plant: blind(detect.IndexCompare{}, target.FlagsDiffer)},
		{name: "dates-uncompared", where: "detect.IndexCompare", what: "INTERNALDATE is not compared", plant: blind(detect.IndexCompare{}, target.DateDiffers)},
		{name: "first-message-unseen", where: "detect.IndexCompare", what: "the comparison begins at the second message", plant: blinkers(blinkered{Detector: detect.IndexCompare{}, unseen: func(f detect.Finding) bool { return f.UID == 1 }})},
		{name: "last-account-unseen", where: "detect.IndexCompare", what: "the last of several accounts is left out", plant: blinkers(blinkered{Detector: detect.IndexCompare{}, scene: func(s *detect.Scene) { s.Accounts = s.Accounts[:max(1, len(s.Accounts)-1)] }})},
		{name: "bodies-unsampled", where: "detect.BodyCompare", what: "a sample of no message is well", plant: blind(detect.BodyCompare{}, target.BodyDiffers)},
		{name: "caches-unreported", where: "detect.ClientCaches", what: "nobody is told whose clients' caches are wrong", plant: blind(detect.ClientCaches{}, target.ClientCachesWrong)},
		{name: "lag-unnoticed", where: "detect.Monitor", what: "a replica that is behind is taken for one that is not", plant: blind(detect.Monitor{}, target.ReplicaBehind)},
		{name: "inbox-alone-opened", where: "detect.Access", what: "each account's INBOX is opened, and no other mailbox", plant: blinkers(blinkered{Detector: detect.Access{}, unseen: func(f detect.Finding) bool { return f.Mailbox != "INBOX" }})},
		{name: "bytecode-believed", where: "detect.ScriptCompare", what: "bytecode is not held against its source", plant: blind(detect.ScriptCompare{}, target.CompiledScriptStale, target.CompiledScriptMissing)},
		{name: "looked-at-is-seen", where: "detect.Access", what: "whatever it opens it marks as seen", plant: detector(detect.Access{}, func(pair target.Pair) detect.Detector { return marking{detect.Access{}, pair} })},
	}
}

// marking is a detector that marks as seen what it finds first in each INBOX.
type marking struct {
	detect.Detector
	pair target.Pair
}

func (m marking) Detect(ctx context.Context, scene detect.Scene) ([]detect.Finding, error) {
	found, err := m.Detector.Detect(ctx, scene)
	for _, account := range scene.Accounts {
		session, refused := m.pair.Serving().User().Login(ctx, account)
		if refused != nil {
			continue
		}
		if records, refused := session.Records(ctx, "INBOX"); refused == nil && len(records) > 0 {
			_ = session.SetFlags(ctx, "INBOX", []uint32{records[0].UID}, []string{`\Seen`}, nil) // or it stays as it is
		}
		_ = session.Close()
	}
	return found, err
}

package restore_test

import (
	"strings"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/cyrus/cyrustest"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/target/dlist"
)

// Real servers take back what the simulator's do, as it was; and what is told them wrong is
// seen there as well.
func TestRealServersTakeMailBackAsItWas(t *testing.T) {
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			pair := cyrustest.Pair(t, target.Spec{Suite: suite, Accounts: []string{"alice"}})
			in, plan := flaggedOn(t, pair, false)
			wantAsItWas(t, in, plan)
		})
	}
}

func TestRealServersReadBackWhatIsRecorded(t *testing.T) {
	pair := cyrustest.Pair(t, target.Spec{Accounts: []string{"alice"}})
	for name, spoil := range map[string]func(*dlist.Value){
		"FLAGS":        func(v *dlist.Value) { v.Items = v.Items[:1] },
		"INTERNALDATE": func(v *dlist.Value) { v.Text = "1577869200" },
	} {
		if err := pair.Reset(t.Context(), []string{"alice"}); err != nil {
			t.Fatal(err)
		}
		in, plan := flaggedOn(t, pair, false)
		in.Scene.Sync = spoiledLines{in.Scene.Sync, func(what *dlist.Value) { changeRecords(what, name, spoil) }}
		if _, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{}); !restore.IsUnsound(err) {
			t.Errorf("%s: said: %v", name, err)
		}
	}
	if err := pair.Reset(t.Context(), []string{"alice"}); err != nil {
		t.Fatal(err)
	}
	in, plan := flaggedOn(t, pair, true)
	in.Scene.Serving = spoiled{in.Scene.Serving, func(m *target.AppendMessage) { m.Flags = []string{"$Work"} }}
	if _, err := restore.Apply(t.Context(), in.Scene, plan, restore.Options{}); !restore.IsUnsound(err) || !strings.Contains(err.Error(), "and nobody has changed them") {
		t.Errorf("appended without a flag: said: %v", err)
	}
}

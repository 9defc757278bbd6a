package salvage

import (
	"context"
	"fmt"

	"github.com/cyrdrill/cyrdrill/harness/field"
	"github.com/cyrdrill/cyrdrill/harness/realtime"
	"github.com/cyrdrill/cyrdrill/harness/restore"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Apply carries out a plan on the serving server, with what is known of replication
// between both. The freeze is needed no more: what the plan turns on is in it.
func Apply(ctx context.Context, pair *field.Pair, plan restore.Plan, replicationIsOff bool, options restore.Options) (restore.Report, error) {
	scene, err := Guard(ctx, pair, replicationIsOff)
	if err != nil {
		return restore.Report{Restorer: plan.Restorer}, err
	}
	return restore.Apply(ctx, scene, plan, options)
}

// Guard looks whether replication could carry a restore to the good side, or something
// else over what is restored. Where it could, or that cannot be told, it refuses with a
// [restore.UnsafeError]. It changes nothing. The scene is what a restore works with.
func Guard(ctx context.Context, pair *field.Pair, replicationIsOff bool) (restore.Scene, error) {
	rescued, serving, err := sides(pair)
	if err != nil {
		return restore.Scene{}, err
	}
	scene := restore.Scene{Rescued: rescued, Serving: serving, Executor: realtime.Time{}, Clock: realtime.Time{}, Operator: serving.Operator(), Sync: lines{pair}}
	var seen replication
	if seen.rescuedSends, seen.rescuedKnown, err = rescued.Replicates(ctx); err != nil {
		return scene, err
	}
	if seen.servingSends, seen.servingKnown, err = serving.Replicates(ctx); err != nil {
		return scene, err
	}
	hold, why := seen.judge(replicationIsOff, serving.Operates(), rescued.Name(), serving.Name())
	if why != "" {
		return scene, &restore.UnsafeError{Why: why}
	}
	if hold {
		scene.Role = func(name target.ServerName) target.Role {
			if name == serving.Name() {
				return target.RoleMaster
			}
			return target.RoleReplica
		}
	}
	return scene, nil
}

// replication is which of both servers is seen to send what is changed on it.
type replication struct{ rescuedSends, rescuedKnown, servingSends, servingKnown bool }

// judge says whether replication has to be held while something is restored, or why
// nothing may be.
func (r replication) judge(off, operates bool, rescued, serving target.ServerName) (hold bool, refused string) {
	switch {
	case r.rescuedSends:
		return false, fmt.Sprintf("sync_client runs on %s, and would send what is there over what is restored on %s; stop it, and keep it from starting", rescued, serving)
	case off:
		return false, ""
	case !r.rescuedKnown:
		return false, cannotTell(rescued)
	case !r.servingKnown:
		return false, cannotTell(serving)
	case r.servingSends && !operates:
		return false, fmt.Sprintf("sync_client runs on %[1]s, and may send what is restored to %[2]s, which has the originals; stop it, or say host: {operate: true} of %[1]s, so that it is held meanwhile, or --replication-is-off if it sends to another server", serving, rescued)
	}
	return r.servingSends, ""
}

func cannotTell(server target.ServerName) string {
	return fmt.Sprintf("nothing tells whether %s replicates: its configuration has no host; give it one, or say --replication-is-off if it is", server)
}

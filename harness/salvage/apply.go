package salvage

import (
	"context"
	"fmt"
	"slices"

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
	scene := restore.Scene{Rescued: rescued, Serving: serving, Executor: realtime.Time{}, Clock: realtime.Time{}, Operator: serving.Operator()}
	sends, known, err := replicates(ctx, rescued)
	switch {
	case err != nil:
		return scene, err
	case sends:
		return scene, &restore.UnsafeError{Why: fmt.Sprintf("sync_client runs on %s, and would send what is there over what is restored on %s; stop it on %s, and keep it from starting", rescued.Name(), serving.Name(), rescued.Name())}
	case !known && !replicationIsOff:
		return scene, cannotTell(rescued)
	}
	sends, known, err = replicates(ctx, serving)
	switch {
	case err != nil:
		return scene, err
	case replicationIsOff, known && !sends:
		return scene, nil
	case !known:
		return scene, cannotTell(serving)
	case !serving.Operates():
		return scene, &restore.UnsafeError{Why: fmt.Sprintf("sync_client runs on %s, and may send what is restored to %s, which has the originals; stop it on %s, or say host: {operate: true} of it, so that it is held meanwhile, or --replication-is-off if it sends to another server", serving.Name(), rescued.Name(), serving.Name())}
	}
	scene.Role = func(name target.ServerName) target.Role {
		if name == serving.Name() {
			return target.RoleMaster
		}
		return target.RoleReplica
	}
	return scene, nil
}

func cannotTell(server *field.Server) error {
	return &restore.UnsafeError{Why: fmt.Sprintf("nothing tells whether %s replicates: its configuration has no host; give it one, or say --replication-is-off if it is", server.Name())}
}

// replicates says whether a server runs sync_client, stopped or not, as far as its
// machine can be looked at.
func replicates(ctx context.Context, server *field.Server) (sends, known bool, err error) {
	if !server.HasHost() {
		return false, false, nil
	}
	processes, err := server.Host().Processes(ctx)
	if err != nil {
		return false, false, err
	}
	return slices.ContainsFunc(processes, func(p target.Process) bool { return p.Name == "sync_client" }), true, nil
}

package plan

// fault walks a fault, or all of those that one is drawn from: whichever it is, it must
// be possible here, and the steps after it must be as well.
func (w *walk) fault(f Fault) {
	names := f.Names()
	on, ok := w.machine(names[0].Pos, f.On)
	if !ok {
		return
	}
	first := w.names.fault(names[0].Name)
	for _, ref := range names {
		effects := w.names.fault(ref.Name)
		if !w.possible(f, ref, on, effects) {
			return
		}
		if effects.KillsServer != first.KillsServer || effects.Promotes != first.Promotes {
			w.errs.Add(ref.Pos, "draw from faults that all kill the server, or that all do not, and none that promotes beside one that does not",
				"%s leaves other servers running than %s: which steps may follow would be chance", ref.Name, names[0].Name)
			return
		}
	}
	for _, ref := range names {
		w.happens(ref, on, w.names.fault(ref.Name))
	}
}

// possible says whether a fault can be injected at this step, and complains where not.
func (w *walk) possible(f Fault, ref Ref, on machine, effects FaultName) bool {
	channel := effects.StopsReplication || effects.NeedsReplication || effects.ReplicaOnly
	switch line := w.injected[injection{ref.Name, on}]; {
	case line > 0:
		w.errs.Add(ref.Pos, "leave one of them out", "%s was injected on the same server on line %d already", ref.Name, line)
	case !w.running[on] && (effects.KillsServer || effects.NeedsServer || channel):
		w.errs.Add(ref.Pos, w.hintForDead(on), "cannot inject %s: %s was killed on line %d and does not run", ref.Name, f.On, w.killed[on])
	case channel && w.promoted > 0, channel && on != w.serving && !effects.EitherSide && !effects.ReplicaOnly:
		w.errs.Add(ref.Pos, "inject it on the master, before a promotion", "cannot inject %s: %s replicates to nobody", ref.Name, f.On)
	case effects.ReplicaOnly && on == w.serving:
		w.errs.Add(ref.Pos, "say \"on: replica\"", "cannot inject %s: it is the replica's, and not the %s's", ref.Name, f.On)
	case channel && !w.running[on.other()]:
		w.errs.Add(ref.Pos, beforeLine("fault", w.killed[on.other()]), "cannot inject %s: the other server was killed on line %d", ref.Name, w.killed[on.other()])
	case effects.NeedsReplication && w.stopped > 0:
		w.errs.Add(ref.Pos, beforeLine("fault", w.stopped), "cannot inject %s: replication was stopped on line %d", ref.Name, w.stopped)
	default:
		return true
	}
	return false
}

// happens notes what a fault does, or may do.
func (w *walk) happens(ref Ref, on machine, effects FaultName) {
	line := ref.Pos.Line
	w.injected[injection{ref.Name, on}] = line
	if effects.StopsReplication && w.stopped == 0 {
		w.stopped = line
	}
	if effects.KillsServer {
		w.running[on], w.killed[on] = false, line
	}
	if effects.Promotes && w.promoted == 0 {
		w.promoted, w.serving = line, on.other()
		for _, held := range w.mail {
			held.moveToReplica()
		}
	}
}

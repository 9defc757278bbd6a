package plan

// laterStep walks the steps of incidents that last.
func (w *walk) laterStep(s Step) {
	switch s.Kind {
	case KindSeed:
		w.seed(s.Pos)
	case KindWork, KindRules:
		w.busy = true
	case KindExpire:
		w.expire(s.Pos, s.Expire.Server)
	case KindResync:
		w.resync(s.Pos, s.Resync.Server)
	case KindFailback:
		w.failback(s.Pos)
	}
}

// seed must be the first that happens: it is put on both servers alike, which
// must be alike.
func (w *walk) seed(pos Pos) {
	if len(w.mail) > 0 || w.busy || len(w.injected) > 0 {
		w.errs.Add(pos, "put it first", "mail can be put in in bulk only before anything else happens")
	}
	w.busy = true
}

func (w *walk) expire(pos Pos, server Side) {
	if on, ok := w.machine(pos, server); ok && !w.running[on] {
		w.errs.Add(pos, beforeLine("expire", w.killed[on]), "cannot expire tombstones on %s: it was killed on line %d", server, w.killed[on])
	}
}

// resync ends an incident: there is a pair again, and the next may come.
func (w *walk) resync(pos Pos, server Side) {
	switch {
	case w.rescued == 0:
		w.errs.Add(pos, "rescue the old master first", "there is no rescued store to make a replica of")
	case server != OldMaster:
		w.errs.Add(pos, "say old-master", "cannot resync %s: only the old master can be emptied", server)
	case !w.running[w.serving]:
		w.errs.Add(pos, beforeLine("resync", w.killed[w.serving]), "cannot resync: the master was killed on line %d", w.killed[w.serving])
	default:
		w.promoted, w.rescued, w.stopped, w.frozen, w.complete = 0, 0, 0, 0, false
		w.running = [2]bool{true, true}
		w.injected = map[injection]int{}
	}
}

func (w *walk) failback(pos Pos) {
	switch {
	case w.promoted > 0:
		w.errs.Add(pos, "resync the old master before it", "cannot swap the roles: since the promotion on line %d there is no replica", w.promoted)
	case !w.running[0] || !w.running[1]:
		w.errs.Add(pos, "let both servers run", "cannot swap the roles: a server was killed")
	case w.stopped > 0:
		w.errs.Add(pos, beforeLine("failback", w.stopped), "cannot swap the roles: replication was stopped on line %d", w.stopped)
	default:
		w.serving = w.serving.other()
	}
}

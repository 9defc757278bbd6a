package front

// newTalker returns what speaks the protocol of a door.
func newTalker(d *door) talker {
	switch d.service {
	case ServiceIMAP:
		return newIMAP(d)
	case ServiceLMTP:
		return lmtp{d}
	case ServiceSync:
		o := d.fronts.options
		return syncTalker{&Sync{World: d.fronts, Server: d.server, Admin: o.Admin, Password: o.Password}}
	default:
		return managesieve{d}
	}
}

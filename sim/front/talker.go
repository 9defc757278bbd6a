package front

// newTalker returns what speaks the protocol of a door.
func newTalker(d *door) talker {
	switch d.service {
	case ServiceIMAP:
		return newIMAP(d)
	case ServiceLMTP:
		return lmtp{d}
	default:
		return managesieve{d}
	}
}

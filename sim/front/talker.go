package front

// newTalker returns what speaks the protocol of a door.
func newTalker(d *door) talker {
	switch d.service {
	case ServiceLMTP:
		return newLMTP(d)
	default:
		return managesieve{d}
	}
}

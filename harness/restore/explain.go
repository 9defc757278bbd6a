package restore

// Evidence says what an action rests on.
func (a Action) Evidence() string {
	switch a.Act {
	case PutBack:
		return "both indexes in the freeze: UID, GUID, LAST_UID, tombstones; and unique ID, UIDVALIDITY and LAST_UID of the mailbox on the serving server when the plan was made"
	case Copy, Expunge:
		return "both indexes in the freeze: UID, GUID, LAST_UID, tombstones, deleted mailboxes; and the serving server when the plan was made"
	case ExpungeDamaged:
		return "what the serving server gave of it, held against its index"
	case Flag, Subscribe, Unsubscribe, SetACL, SetAnnotation, SetQuota:
		return "three ways: both sides in the freeze, and the serving server when the plan was made"
	case Remake, Create, Rename, Delete:
		return "unique IDs and names of mailboxes in the freeze of both sides, and on the serving server when the plan was made"
	case PutScript, Activate, DeleteScript:
		return "digests of scripts in the freeze of both sides, and what the serving server showed when the plan was made"
	case Resync:
		return "what was found on both servers; and right before it is done: nothing is on the replica alone, and each message of the serving server reads back as recorded"
	case Reconstruct:
		return "the serving server did not open the mailbox when it was asked to"
	}
	return "the freeze of both sides, and the serving server when the plan was made"
}

// Confidence says how sure it is: "certain", or "doubtful" where the evidence does not
// decide, and the policy did.
func (a Action) Confidence() string {
	if a.Doubtful {
		return "doubtful"
	}
	return "certain"
}

// Clients says what mail programs will notice.
func (a Action) Clients() string {
	switch a.Act {
	case Copy:
		return "a message under a new UID; UIDVALIDITY stays"
	case PutBack:
		return "nothing, where they knew it: the same UID; else a new message"
	case Remake:
		return "nothing, where they knew it: the same UIDVALIDITY and UIDs; else a new mailbox"
	case Expunge:
		return "the message vanishes"
	case ExpungeDamaged:
		return "the damaged message vanishes; the sound one has a new UID"
	case Flag:
		return "its flags change"
	case Create:
		return "a new mailbox, with UIDs and a UIDVALIDITY of its own"
	case Rename:
		return "the mailbox has another name, and is fetched anew"
	case Delete:
		return "the mailbox vanishes"
	case Subscribe, Unsubscribe:
		return "the list of mailboxes changes"
	case SetACL:
		return "others see the mailbox, or do not any more"
	case PutScript, Activate, DeleteScript:
		return "new mail is filed otherwise"
	case Reconstruct:
		return "UIDVALIDITY changes, so the mailbox is fetched anew; its flags are gone until they are restored"
	}
	return "nothing"
}

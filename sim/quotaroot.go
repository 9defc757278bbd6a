package sim

import "time"

// quotaRootTime is how long Cyrus takes on a busy machine to put all mailboxes of an
// account under a new quota root: it writes the cyrus.header of one after the other.
const quotaRootTime = 200 * time.Millisecond

// rooting is mailboxes that are being put under a quota root.
type rooting struct {
	since   time.Time
	folders []*folder // in the order in which they get it
	before  []string  // the root that each had
}

// setQuotaRoot puts the account's mailboxes under a quota root, or under none.
func (s *server) setQuotaRoot(account, root string) {
	s.disk.account(account).quotaRoot = root
	s.rooting = rooting{since: s.pair.now}
	for _, e := range s.disk.list.ofAccount(account) {
		if f := s.disk.folder(e); f != nil && !isDeletedName(e.name) {
			if f.quotaRoot != root {
				s.rooting.folders = append(s.rooting.folders, f)
				s.rooting.before = append(s.rooting.before, f.quotaRoot)
			}
			f.quotaRoot = root
		}
	}
}

// cutRooting is what SIGKILL does to mailboxes that are being put under a quota root: chance
// decides how many have it already. The others never get it, since the root itself is there
// when sync_client tries again. At a shutdown sync_server ends the command that it is at.
func (s *server) cutRooting() {
	r := s.rooting
	s.rooting = rooting{}
	if len(r.folders) == 0 || s.pair.now.Sub(r.since) > quotaRootTime {
		return
	}
	for i := s.pair.rand.IntN(len(r.folders) + 1); i < len(r.folders); i++ {
		r.folders[i].quotaRoot = r.before[i]
	}
}

package salvage_test

import (
	"fmt"
	"io"
	"path/filepath"
	"testing"

	"github.com/cyrdrill/cyrdrill/harness/gauge"
	"github.com/cyrdrill/cyrdrill/harness/restore/planfile"
	"github.com/cyrdrill/cyrdrill/harness/salvage"
	"github.com/cyrdrill/cyrdrill/harness/target"
	"github.com/cyrdrill/cyrdrill/harness/view"
)

// BenchmarkMemory plans a restore, writes the plan to a file, and carries it out: of
// accounts of 1,000 messages each, of which the serving server has had the last hundred and
// lacks them, over sockets to somebody who speaks as two Cyrus servers do, since to fill
// real ones would take too long for a benchmark. Every message that is read back is held
// against its digest.
//
// peak-MiB is the most memory that Go's runtime had of the system meanwhile, both servers'
// included; max-RSS-MiB is the kernel's figure for the whole process since it began.
func BenchmarkMemory(b *testing.B) {
	for _, accounts := range []int{10, 100, 1_000} {
		b.Run(fmt.Sprintf("%d-messages", accounts*crowdMail), func(b *testing.B) {
			var most uint64
			for b.Loop() {
				b.StopTimer()
				l := openCrowd(b, accounts)
				b.StartTimer()
				peak := gauge.WatchMemory()
				plan := l.plan(b, nil)
				file := filepath.Join(b.TempDir(), "restore.plan.json")
				must(b, salvage.WriteFile(file, func(w io.Writer) error { return planfile.Write(w, plan) }))
				l.apply(b, plan, accounts*crowdLost)
				most = max(most, peak())
			}
			b.ReportMetric(float64(most)/(1<<20), "peak-MiB")
			resident, err := gauge.MaxRSS()
			must(b, err)
			b.ReportMetric(float64(resident)/(1<<20), "max-RSS-MiB")
		})
	}
}

// What each account of the crowd has, and lacks.
const (
	crowdMail = 1_000
	crowdLost = 100
)

// openCrowd opens two servers of a crowd in the field.
func openCrowd(b *testing.B, accounts int) *lost {
	b.Helper()
	addresses := map[target.ServerName]map[view.Service]string{}
	for i, name := range []target.ServerName{target.Imap1, target.Imap2} {
		side := &crowd{accounts: accounts, mail: crowdMail - i*crowdLost, given: crowdMail, written: map[string][]uint32{}}
		imap, sync := side.listen(b)
		addresses[name] = map[view.Service]string{view.IMAP: imap, view.Sync: sync}
	}
	return &lost{field: openField(b, func(server target.ServerName, service view.Service) string { return addresses[server][service] })}
}

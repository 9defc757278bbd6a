// Package gauge tells what a process has used of its machine: the processors' time and
// memory. Benchmarks report it beside the time that passed, which is the machine's and
// the servers' as well.
//
//	go test -run '^$' -bench Memory -benchtime 1x ./harness/detect ./harness/salvage
package gauge

import (
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync"
	"syscall"
	"time"
)

// CoreTime is what this process has had of the processors so far.
func CoreTime() (time.Duration, error) {
	used, err := usage()
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), err
}

// MaxRSS is the most memory that the kernel has counted for this process since it began,
// in bytes, its program's text included.
func MaxRSS() (int64, error) {
	used, err := usage()
	return used.Maxrss << 10, err
}

func usage() (used syscall.Rusage, err error) {
	if err = syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		err = fmt.Errorf("asking the kernel what this process has used: %w", err)
	}
	return used, err
}

// WatchMemory begins to watch what Go's runtime has of the system's memory, every 5 ms:
// heap, stacks, what the collector needs and what it has not given back. The function that
// it returns ends that and tells the most that was seen, in bytes.
func WatchMemory() (peak func() uint64) {
	runtime.GC()
	ended := make(chan struct{})
	var most uint64
	var watching sync.WaitGroup
	look := func() {
		samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		metrics.Read(samples)
		most = max(most, samples[0].Value.Uint64()-samples[1].Value.Uint64())
	}
	watching.Go(func() {
		every := time.NewTicker(5 * time.Millisecond)
		defer every.Stop()
		for {
			look()
			select {
			case <-ended:
				look()
				return
			case <-every.C:
			}
		}
	})
	return func() uint64 {
		close(ended)
		watching.Wait()
		return most
	}
}

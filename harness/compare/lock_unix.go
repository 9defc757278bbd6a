//go:build unix

package compare

import (
	"os"
	"syscall"
)

// lock makes the file one that nobody else can lock, until it is closed.
func lock(file *os.File) error { return syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }

//go:build !unix

package journal

import (
	"errors"
	"os"
)

// lock refuses: without a lock, two restores could do everything twice.
func lock(*os.File) error { return errors.New("this system has no locks for a journal in a file") }

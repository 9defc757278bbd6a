package journal

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// File is a journal on a disk. It is locked while it is open, and the lock ends
// with the process, however that ends.
type File struct {
	path string
	file *os.File
	size int64 // of what is known to be safe
}

var _ Store = (*File)(nil)

var errNoFile = errors.New("it is no regular file; name another one")

// InFile returns the journal of that path, which need not be there yet.
func InFile(path string) *File { return &File{path: path} }

// Name implements [Store].
func (f *File) Name() string { return f.path }

// Open implements [Store].
func (f *File) Open() (held []byte, err error) {
	_, missing := os.Stat(f.path)
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, bare(err)
	}
	defer func() {
		if err != nil {
			_ = file.Close() // nothing was written
		}
	}()
	if about, err := file.Stat(); err != nil || !about.Mode().IsRegular() {
		return nil, cmp.Or(bare(err), errNoFile)
	}
	if err := lock(file); err != nil {
		return nil, err
	}
	if errors.Is(missing, fs.ErrNotExist) {
		if err := syncDirectory(filepath.Dir(f.path)); err != nil {
			return nil, err
		}
	}
	if held, err = io.ReadAll(file); err != nil {
		return nil, bare(err)
	}
	f.file, f.size = file, int64(len(held))
	return held, nil
}

// syncDirectory makes a new file's name safe.
func syncDirectory(path string) error {
	directory, err := os.Open(path)
	if err != nil {
		return bare(err)
	}
	defer directory.Close() // it was only synced
	return bare(directory.Sync())
}

// Append implements [Store]. What could not be made safe is taken back, as far as
// that goes; what stays of it is a last line that is cut short.
func (f *File) Append(data []byte) error {
	if f.file == nil {
		return fmt.Errorf("%s is not open", f.path)
	}
	_, err := f.file.WriteAt(data, f.size)
	if err == nil {
		err = f.file.Sync()
	}
	if err != nil {
		_ = f.file.Truncate(f.size) // the error that counts is the first
		return bare(err)
	}
	f.size += int64(len(data))
	return nil
}

// Truncate implements [Store].
func (f *File) Truncate(size int64) error {
	if err := f.file.Truncate(size); err != nil {
		return bare(err)
	}
	f.size = size
	return bare(f.file.Sync())
}

// Close implements [Store].
func (f *File) Close() error {
	if f.file == nil {
		return nil
	}
	file := f.file
	f.file = nil
	return bare(file.Close())
}

// bare takes the path off an error: whoever reports it names the journal.
func bare(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

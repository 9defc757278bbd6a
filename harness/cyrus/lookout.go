package cyrus

import (
	"bufio"
	"bytes"
	"context"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"github.com/cyrdrill/cyrdrill/harness/hostview"
)

// lookout is a shell that stays in a server's container and answers what is asked
// most often. To ask the engine anew each time costs a process or two of its own, and
// whoever waits for replication asks up to a hundred times a second.
type lookout struct {
	mu      sync.Mutex
	leave   func() // nil: nobody is there
	asked   io.Writer
	answers *bufio.Reader
}

//go:embed lookout.sh
var lookoutScript string

// answerWithin bounds how long a lookout may take. One in a paused container, or in
// one that was killed, does not answer: then the engine is asked.
const answerWithin = 2 * time.Second

// errNoLookout says that nobody in the container answers.
var errNoLookout = errors.New("nobody in the container answers")

// ask returns the answer to a question. One that has ended with an earlier life of the
// container is replaced.
func (l *lookout) ask(ctx context.Context, e *engine, id, question string) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.leave != nil {
		if answer, err := l.answer(ctx, question); err == nil {
			return answer, nil
		}
	}
	if err := l.enter(ctx, e, id); err != nil {
		return nil, err
	}
	return l.answer(ctx, question)
}

// enter starts the shell.
func (l *lookout) enter(ctx context.Context, e *engine, id string) error {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	created, err := e.ExecCreate(ctx, id, client.ExecCreateOptions{AttachStdin: true, AttachStdout: true, Cmd: []string{"sh", "-c", lookoutScript}})
	if err != nil {
		return err
	}
	attached, err := e.ExecAttach(ctx, created.ID, client.ExecAttachOptions{})
	if err != nil {
		return err
	}
	answers, said := io.Pipe()
	go func() {
		_, err := stdcopy.StdCopy(said, io.Discard, attached.Reader)
		said.CloseWithError(err)
	}()
	l.leave = func() {
		attached.Close()
		_ = answers.Close() // whoever still writes to it ends
	}
	l.asked, l.answers = attached.Conn, bufio.NewReader(answers)
	return nil
}

// answer asks whoever is there, and leaves where no whole answer comes.
func (l *lookout) answer(ctx context.Context, question string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	stop := context.AfterFunc(ctx, l.leave)
	defer stop()
	var answer bytes.Buffer
	_, err := io.WriteString(l.asked, question+"\n")
	for err == nil {
		var line []byte
		if line, err = l.answers.ReadBytes('\n'); err == nil && string(line) == ".\n" {
			return answer.Bytes(), nil
		}
		answer.Write(line)
	}
	l.leave()
	l.leave = nil
	return nil, fmt.Errorf("%w: %w", errNoLookout, errors.Join(ctx.Err(), err))
}

// close ends the shell, if there is one.
func (l *lookout) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.leave != nil {
		l.leave()
		l.leave = nil
	}
}

// files returns the files of a folder in the container, by name.
func (s *server) files(ctx context.Context, folder string) (map[string]file, error) {
	if answer, err := s.lookout.ask(ctx, s.pair.engine, s.id, "files "+folder); err == nil {
		archive := base64.NewDecoder(base64.StdEncoding, bytes.NewReader(bytes.TrimSpace(answer)))
		if files, err := readArchive(archive); err == nil {
			return files, nil
		}
	}
	return s.pair.engine.read(ctx, s.id, folder)
}

// stats returns a line of proc(5)'s /proc/PID/stat for each process in the container,
// which runs.
func (s *server) stats(ctx context.Context) ([]byte, error) {
	if answer, err := s.lookout.ask(ctx, s.pair.engine, s.id, "processes"); err == nil {
		return answer, nil
	}
	return s.pair.engine.exec(ctx, s.id, "", hostview.ProcessesCommand()...)
}

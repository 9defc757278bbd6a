package cyrus

import (
	"context"
	"fmt"
	"strings"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

var _ target.MountSaboteur = saboteur{}

// The mail is mounted once more above itself, and that mount takes no writes: a mount
// in which files are open to be written cannot be made to refuse them. Who has such a
// file open goes on to write to it until it is closed.
const (
	protecting   = `mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"`
	unprotecting = `umount "$1" 2>/dev/null || umount -l "$1"`
	// mounting tells by what options the mail is mounted, the topmost mount last.
	mounting = `touch "$1/.cyrdrill" 2>/dev/null && rm "$1/.cyrdrill" && echo "takes writes" || echo "read-only"`
)

// Protect implements [target.MountSaboteur].
func (b saboteur) Protect(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.remount(ctx, name, protecting, true, "takes no writes")
}

// Unprotect implements [target.MountSaboteur].
func (b saboteur) Unprotect(ctx context.Context, name target.ServerName) (target.Evidence, error) {
	return b.remount(ctx, name, unprotecting, false, "takes writes again")
}

// Protected implements [target.MountSaboteur].
func (b saboteur) Protected(_ context.Context, name target.ServerName) (bool, error) {
	_, protected := b.pair.server(name).sabotaged()
	return protected, nil
}

func (b saboteur) remount(ctx context.Context, name target.ServerName, script string, protected bool, done string) (target.Evidence, error) {
	s := b.pair.server(name)
	fail := func(err error) (target.Evidence, error) {
		return target.Evidence{}, fmt.Errorf("mounting the mail of %s anew: %w", name, err)
	}
	if up, err := s.running(ctx); err != nil || !up {
		return fail(fmt.Errorf("it is down (%w)", err))
	}
	before, err := s.mount(ctx)
	if err != nil {
		return fail(err)
	}
	if err := s.asMachine(ctx, script, mailFolder); err != nil {
		return fail(err)
	}
	s.setProtected(protected)
	after, err := s.mount(ctx)
	if err != nil {
		return fail(err)
	}
	return target.Evidence{
		Summary: fmt.Sprintf("the file system that holds mail on %s %s", name, done),
		Facts:   []target.Fact{{What: "what holds the mail of " + string(name), Before: before, After: after}},
	}, nil
}

func (s *server) mount(ctx context.Context) (string, error) {
	said, err := s.pair.engine.exec(ctx, s.id, "", "sh", "-uc", mounting, "mounting", mailFolder)
	return strings.TrimSpace(string(said)), err
}

// asMachine runs a script among the server's mounts with the rights of its machine,
// which its own container has not: from a container of its own, that sees the
// server's processes.
func (s *server) asMachine(ctx context.Context, script string, arguments ...string) error {
	ctx, cancel := context.WithTimeout(ctx, greetWithin+callWithin)
	defer cancel()
	e := s.pair.engine
	labels := s.pair.labels()
	labels[labelSession] = testcontainers.SessionID()
	made, err := e.ContainerCreate(ctx, client.ContainerCreateOptions{
		Config: &container.Config{
			Image: docker.Image(s.pair.suite), Labels: labels, Entrypoint: []string{"busybox"},
			Cmd: append([]string{"nsenter", "-t", "1", "-m", "--", "sh", "-uc", script, "machine"}, arguments...),
		},
		HostConfig: &container.HostConfig{
			NetworkMode: "none", PidMode: container.PidMode("container:" + s.id), CapAdd: []string{"SYS_ADMIN", "SYS_PTRACE"},
		},
	})
	if err != nil {
		return fmt.Errorf("making a container with the rights of a machine: %w", err)
	}
	defer e.ContainerRemove(context.WithoutCancel(ctx), made.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	ended := e.ContainerWait(ctx, made.ID, client.ContainerWaitOptions{Condition: container.WaitConditionNextExit})
	if _, err := e.ContainerStart(ctx, made.ID, client.ContainerStartOptions{}); err != nil {
		return fmt.Errorf("%w: %w", &target.UnsupportedError{Target: "this Docker engine", What: "file systems that are mounted anew"}, err)
	}
	select {
	case err := <-ended.Error:
		return err
	case end := <-ended.Result:
		if end.StatusCode != 0 {
			return fmt.Errorf("it ended with status %d: %s", end.StatusCode, e.complaints(ctx, made.ID))
		}
		return nil
	}
}

// complaints returns what a container has said, on one line, or "".
func (e *engine) complaints(ctx context.Context, id string) string {
	stream, err := e.ContainerLogs(ctx, id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true})
	if err != nil {
		return ""
	}
	defer stream.Close()
	var text strings.Builder
	if _, err := stdcopy.StdCopy(&text, &text, stream); err != nil {
		return ""
	}
	return strings.Join(strings.Fields(text.String()), " ")
}

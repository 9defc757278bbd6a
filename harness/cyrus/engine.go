package cyrus

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/cyrdrill/cyrdrill/docker"
	"github.com/cyrdrill/cyrdrill/harness/target"
)

// Bounds on single calls, so that an engine that hangs ends a drill.
const (
	pingWithin = 5 * time.Second
	callWithin = 20 * time.Second
)

// engine is the Docker engine, for what testcontainers-go does not offer.
type engine struct{ *client.Client }

// connect returns the engine that the environment names, once it has answered.
func connect(ctx context.Context) (*engine, error) {
	applySettings()
	cli, err := client.New(client.FromEnv)
	if err == nil {
		pingCtx, cancel := context.WithTimeout(ctx, pingWithin)
		defer cancel()
		_, err = cli.Ping(pingCtx, client.PingOptions{NegotiateAPIVersion: true})
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("asking for the Docker engine: %w", ctx.Err())
		}
		return nil, &target.SetupError{
			Problem: "no Docker engine answers", Err: err,
			Mend: "start Docker (and see that you may use it), or drill on the simulator: --target sim",
		}
	}
	return &engine{cli}, nil
}

// Engine says which Docker engine answers. The error is a [target.SetupError]
// where none does.
func Engine(ctx context.Context) (string, error) {
	e, err := connect(ctx)
	if err != nil {
		return "", err
	}
	defer e.Close()
	version, err := e.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return "", fmt.Errorf("asking the Docker engine for its version: %w", err)
	}
	return fmt.Sprintf("Docker %s (API %s)", version.Version, version.APIVersion), nil
}

// Check says whether pairs of that suite can be made on this machine. What is
// missing is a [target.SetupError] that says how to mend it.
func Check(ctx context.Context, suite string) error {
	e, err := connect(ctx)
	if err != nil {
		return err
	}
	defer e.Close()
	_, err = e.cyrusVersion(ctx, suite)
	return err
}

// cyrusVersion returns the version of the Cyrus in a suite's image, if that
// and the reaper's image are there and of this recipe.
func (e *engine) cyrusVersion(ctx context.Context, suite string) (string, error) {
	mend := "make images SUITE=" + suite
	if _, err := e.imageLabels(ctx, docker.ReaperImage, docker.ReaperRecipeDigest(), mend); err != nil {
		return "", err
	}
	labels, err := e.imageLabels(ctx, docker.Image(suite), docker.RecipeDigest(suite), mend)
	if err != nil {
		return "", err
	}
	return labels[docker.VersionLabel], nil
}

func (e *engine) imageLabels(ctx context.Context, image, digest, mend string) (map[string]string, error) {
	found, err := e.ImageInspect(ctx, image)
	switch {
	case errdefs.IsNotFound(err):
		return nil, &target.SetupError{Problem: "the image " + image + " is missing", Mend: mend}
	case err != nil:
		return nil, fmt.Errorf("looking for the image %s: %w", image, err)
	case found.Config == nil || found.Config.Labels[docker.RecipeLabel] != digest:
		return nil, &target.SetupError{Problem: "the image " + image + " was made by another recipe than this version of cyrdrill has", Mend: mend}
	}
	return found.Config.Labels, nil
}

// exec runs a command in a container and returns its standard output. A status
// other than 0 is an error that holds what it complained of.
func (e *engine) exec(ctx context.Context, id, user string, command ...string) ([]byte, error) {
	return e.execWithin(ctx, callWithin, id, user, command...)
}

func (e *engine) execWithin(ctx context.Context, within time.Duration, id, user string, command ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	created, err := e.ExecCreate(ctx, id, client.ExecCreateOptions{User: user, AttachStdout: true, AttachStderr: true, Cmd: command})
	if err != nil {
		return nil, err
	}
	attached, err := e.ExecAttach(ctx, created.ID, client.ExecAttachOptions{})
	if err != nil {
		return nil, err
	}
	defer attached.Close()
	stop := context.AfterFunc(ctx, attached.Close)
	defer stop()
	var out, complaints bytes.Buffer
	if _, err := stdcopy.StdCopy(&out, &complaints, attached.Reader); err != nil {
		return nil, errors.Join(ctx.Err(), err)
	}
	ended, err := e.ExecInspect(ctx, created.ID, client.ExecInspectOptions{})
	if err != nil {
		return nil, err
	}
	if ended.ExitCode != 0 || ended.Running {
		return out.Bytes(), &exitError{command[0], ended.ExitCode, string(bytes.TrimSpace(complaints.Bytes()))}
	}
	return out.Bytes(), nil
}

// exitError says that a command ended with a status other than 0.
type exitError struct {
	command   string
	status    int
	complaint string
}

func (e *exitError) Error() string {
	return fmt.Sprintf("%s: exit status %d: %s", e.command, e.status, e.complaint)
}

// file is one file in a container.
type file struct {
	path     string // from /
	mode     int64
	content  []byte
	modified time.Time
}

// write puts files into a container, running or not.
func (e *engine) write(ctx context.Context, id string, files ...file) error {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.path[1:], Mode: f.mode, Size: int64(len(f.content)), ModTime: time.Now()}); err != nil {
			return err
		}
		if _, err := w.Write(f.content); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	_, err := e.CopyToContainer(ctx, id, client.CopyToContainerOptions{DestinationPath: "/", Content: &archive})
	return err
}

// read returns the files under a folder of a container, running or not, by
// their names within it.
func (e *engine) read(ctx context.Context, id, folder string) (map[string]file, error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	copied, err := e.CopyFromContainer(ctx, id, client.CopyFromContainerOptions{SourcePath: folder + "/."})
	if err != nil {
		return nil, err
	}
	defer copied.Content.Close()
	return readArchive(copied.Content)
}

// readArchive returns the files of an archive of a folder's content, by name.
func readArchive(content io.Reader) (map[string]file, error) {
	files := map[string]file{}
	for archive := tar.NewReader(content); ; {
		head, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		if head.Typeflag != tar.TypeReg {
			continue
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return nil, err
		}
		name := trimDot(head.Name)
		files[name] = file{path: name, content: content, modified: head.ModTime}
	}
}

// trimDot takes the "./" off a name in an archive of a folder's content.
func trimDot(name string) string {
	if len(name) > 2 && name[:2] == "./" {
		return name[2:]
	}
	return name
}

// inspect returns a container's state and where its ports are published.
func (e *engine) inspect(ctx context.Context, id string) (container.InspectResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	found, err := e.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
	return found.Container, err
}

// published returns the address at which a container's TCP port can be
// reached, or "" where it cannot: the container does not run.
func (e *engine) published(c container.InspectResponse, port uint16) string {
	if c.NetworkSettings == nil {
		return ""
	}
	for p, bindings := range c.NetworkSettings.Ports {
		if p.Num() == port && len(bindings) > 0 {
			return net.JoinHostPort(e.host(), bindings[0].HostPort)
		}
	}
	return ""
}

// publish asks for ports of a container to be published: on loopback alone where
// the engine is on this machine, since the administrator's password is no
// secret.
func (e *engine) publish(numbers ...uint16) network.PortMap {
	binding := network.PortBinding{}
	if e.host() == loopback {
		binding.HostIP = netip.MustParseAddr(loopback)
	}
	wanted := network.PortMap{}
	for _, number := range numbers {
		wanted[network.MustParsePort(fmt.Sprintf("%d/tcp", number))] = []network.PortBinding{binding}
	}
	return wanted
}

// host is the machine on which the engine publishes ports.
func (e *engine) host() string {
	if at, err := url.Parse(e.DaemonHost()); err == nil && at.Scheme != "unix" && at.Hostname() != "" {
		return at.Hostname()
	}
	return loopback
}

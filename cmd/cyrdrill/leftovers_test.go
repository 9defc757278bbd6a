package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

const sessionVariable = "TESTCONTAINERS_SESSION_ID"

// ofOneSession gives a command a session ID of its own, by which all that it
// leaves on the engine can be told from what others have there.
func ofOneSession(c *exec.Cmd) {
	c.Env = append(os.Environ(), sessionVariable+"="+rand.Text())
}

// wantNoneLeft wants all containers and networks of a command's session gone
// within 20 s: by its own hand, or by the reaper's.
func wantNoneLeft(t *testing.T, c *exec.Cmd) {
	t.Helper()
	session := ""
	for _, variable := range c.Env {
		if value, ok := strings.CutPrefix(variable, sessionVariable+"="); ok {
			session = value
		}
	}
	engine, err := client.New(client.FromEnv)
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		left, err := leftOf(ctx, engine, session)
		if err != nil {
			t.Fatalf("looking for what is left: %v", err)
		}
		if len(left) == 0 {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("left after 20 s: %s", strings.Join(left, ", "))
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func leftOf(ctx context.Context, engine *client.Client, session string) ([]string, error) {
	of := client.Filters{}.Add("label", "org.testcontainers.sessionId="+session)
	containers, err := engine.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: of})
	if err != nil {
		return nil, err
	}
	networks, err := engine.NetworkList(ctx, client.NetworkListOptions{Filters: of})
	if err != nil {
		return nil, err
	}
	var left []string
	for _, c := range containers.Items {
		left = append(left, fmt.Sprint("container ", c.Names))
	}
	for _, n := range networks.Items {
		left = append(left, "network "+n.Name)
	}
	return left, nil
}

package main

import (
	"net"
	"os"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"
)

// The command serves from its last line on until Ctrl-C, and ends with 130.
func TestSimServeServesUntilInterrupted(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	_ = free.Close()
	c := command(t, "sim", "serve", "--base-port", port)
	rest, complaints := runUntil(t, c, "end", func() {
		client, err := imapclient.DialInsecure("127.0.0.1:"+port, nil)
		if err != nil {
			t.Error(err)
		} else if err := client.Login("alice", "x").Wait(); err != nil {
			t.Error(err)
		}
		if err := c.Process.Signal(os.Interrupt); err != nil {
			t.Error(err)
		}
	})
	if got := c.ProcessState.ExitCode(); got != statusInterrupted || strings.TrimSpace(rest+complaints) != "" {
		t.Errorf("exit status %d, want %d; %s%s", got, statusInterrupted, rest, complaints)
	}
}

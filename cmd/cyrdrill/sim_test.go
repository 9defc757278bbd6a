package main

import (
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2/imapclient"
)

// The command serves from its last line on until Ctrl-C, and ends with 130.
func TestSimServeServesUntilInterrupted(t *testing.T) {
	port := strconv.Itoa(consecutivePorts(t, 8))
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

// consecutivePorts returns the first of so many ports that nobody listens at.
func consecutivePorts(t *testing.T, n int) int {
	t.Helper()
	for range 100 {
		first, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		open := []net.Listener{first}
		base := first.Addr().(*net.TCPAddr).Port
		for i := 1; i < n; i++ {
			l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", base+i))
			if err != nil {
				break
			}
			open = append(open, l)
		}
		for _, l := range open {
			_ = l.Close()
		}
		if len(open) == n {
			return base
		}
	}
	t.Fatalf("no %d consecutive ports are free", n)
	return 0
}

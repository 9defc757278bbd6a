package prompt

import (
	"net"

	"golang.org/x/sys/unix"
)

// promptConn has to be told anew after each read (tcp(7), TCP_QUICKACK).
type promptConn struct{ *net.TCPConn }

// Conn returns the connection with its reads acknowledged at once, where it is one of TCP.
func Conn(conn net.Conn) net.Conn {
	if tcp, ok := conn.(*net.TCPConn); ok {
		return promptConn{tcp}
	}
	return conn
}

// Read implements [net.Conn].
func (c promptConn) Read(into []byte) (int, error) {
	n, err := c.TCPConn.Read(into)
	if raw, rawErr := c.SyscallConn(); err == nil && rawErr == nil {
		// Without it the answer is as good, only later.
		_ = raw.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) })
	}
	return n, err
}

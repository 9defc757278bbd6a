package cyrus

import (
	"net"

	"golang.org/x/sys/unix"
)

// promptConn acknowledges at once what it has read. Cyrus leaves Nagle's
// algorithm on, and so holds back the end of a longer answer until what went
// before is acknowledged, which the kernel would delay by 40 ms. It has to be
// told anew after each read (tcp(7), TCP_QUICKACK).
type promptConn struct{ *net.TCPConn }

func promptly(conn net.Conn) net.Conn {
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

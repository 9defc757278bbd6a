//go:build !linux

package cyrus

import "net"

// promptly leaves the connection as it is: only Linux lets a reader say when to
// acknowledge.
func promptly(conn net.Conn) net.Conn { return conn }

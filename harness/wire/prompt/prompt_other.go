//go:build !linux

package prompt

import "net"

// Conn returns the connection as it is: only Linux lets a reader say when to acknowledge.
func Conn(conn net.Conn) net.Conn { return conn }

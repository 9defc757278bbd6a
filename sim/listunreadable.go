package sim

import "github.com/cyrdrill/cyrdrill/harness/target"

// A mailboxes.db of which no transaction is left whole cannot be read: each process that
// tries ends by an assertion, whatever it serves.

// fatalList are the last words of such a process.
const fatalList = "Fatal error: Internal error: assertion failed: lib/cyrusdb_twoskip.c: 1498: ent"

// readsList says what becomes of a command for which the list is read.
func (s *server) readsList(of service, command request) error {
	if !s.disk.list.unreadable {
		return nil
	}
	s.fatal(of, fatalList)
	status := "BYE"
	if of == serviceLMTP {
		status = "421"
	}
	return &target.RefusedError{Command: command.String(), Status: status, Text: fatalList}
}

// tellsOfList is readsList for sync_server and its client.
func (s *server) tellsOfList() error {
	if !s.disk.list.unreadable {
		return nil
	}
	return s.syncServerDies(fatalList)
}

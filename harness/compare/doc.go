// Package compare looks at a master and its replica, account by account, with the
// detectors that compare, and says of each account whether it is equal on both, differs,
// or could not be looked at. A run that was ended goes on where it was, by its [Journal].
//
// It holds no more than the names of the accounts, and what was found in those that it is
// looking at; it changes nothing on the servers.
//
//	cyrdrill compare --config field.yaml --full
//	go test ./harness/compare
package compare

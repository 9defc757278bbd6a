// Package field reaches Cyrus servers that somebody else runs. A file says where a
// master and its replica are, by whose leave they are looked at, and how commands come to
// their machines ([Load]); [Open] makes of it two [Server]s, which are what detectors
// look at in drills.
//
// [Config] is what the file says; it reaches nothing. [Pair] is what runs. Nothing here
// changes anything on the servers, and no password is in the file, in an error or in a
// log.
//
//	cyrdrill compare --config field.yaml
//	go test ./harness/field
package field

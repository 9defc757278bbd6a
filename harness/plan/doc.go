// Package plan is the format in which drills are written: YAML with a JSON
// Schema. It reads a plan ([Parse]), says on which line what is wrong with it,
// and prints one ([Format]).
//
// Parse checks everything that can be known before a drill starts: the
// structure, by the embedded schema ([Schema]); every name, against the
// catalogues that the caller gives ([Names]); and whether the steps can be
// carried out in their order. It needs neither Docker nor Cyrus.
//
// The schema is the one source for keys, types, limits and defaults; the Go
// types hold what was read. docs/writing-plans.md explains each step to those
// who write plans.
//
//	go test ./harness/plan
//	go test ./harness/plan -run '^$' -fuzz FuzzParse -fuzztime 2m
package plan

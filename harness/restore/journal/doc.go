// Package journal is what a restore writes down before and after each thing that
// it does, so that one that was killed goes on where it was. It is lines of JSON,
// only ever added to, each of which is safe on the disk before what it says is
// believed. Its first line says of which plan it is.
//
// A [Store] keeps the bytes: [File] on a disk, [Memory] for a restore that does no
// I/O. Whoever has a store open keeps others from it, so that no two restores carry
// out one plan at once.
//
//	go test ./harness/restore/journal
package journal

// Package document reads the files that people write for cyrdrill: YAML, held against
// a JSON Schema. Everything that is wrong is said in the writer's words, with its place
// and with what would mend it, and all of it at once.
//
// It knows of no kind of document; each has a [Format] of its own.
//
//	go test ./harness/document ./harness/plan ./harness/field
package document

// Pos is a place in a file. Lines and columns count from 1, columns in characters.
type Pos struct{ Line, Column int }

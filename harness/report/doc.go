// Package report puts what a drill showed where people and machines look for
// it: live on a terminal ([Live]), as a summary ([WriteText]), as JSON, as a
// JUnit report, as annotations of a CI run, and as a result directory
// ([Directory]) with a page for the browser.
//
// A report is written whatever the verdict, and first of all when something
// broke: the directory is there before the drill starts, and the ledger and
// the events go into it as they happen.
//
//	go test ./harness/report
package report

// Package drill runs a plan on a target: it walks the steps, keeps the ledger,
// notes which marks were reached, and judges the properties. The same runner
// serves every target; package report writes down what it showed.
//
// A run ends in a [Result] with a verdict: pass, fail or unknown. It is unknown
// when a fault did not land, a wait ran out or a step could not be carried
// out: then nothing was shown, and unknown never counts as a pass.
//
//	go test ./harness/drill
//	go run ./cmd/cyrdrill run unreplicated-mail --target sim
package drill

// Package monitor looks at a master and its replica in the field again and again, by the
// detectors that cost little, and says what has become of it: in metrics, and to people by
// notices.
//
// A [Site] is what is looked at. [Look] looks once; [Run] goes on until it is told to end.
// What has been found goes into a [Ledger], which decides what people are told of: of
// nothing that goes away by itself, of what stands once, and when it has gone.
//
//	cyrdrill monitor --config field.yaml --listen 127.0.0.1:9842 --notify-command ./page
//	go test ./harness/monitor
package monitor

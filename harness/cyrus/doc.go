// Package cyrus is the target "docker": pairs of real Cyrus servers in
// containers, started by testcontainers-go.
//
// It needs a Docker engine and the images that `make images` builds; [Check]
// says what is missing. Everything else it finds out and sets by itself.
//
// A pair is two containers on two networks: one for replication, which can be
// cut, and one for observers, through which the harness looks at the servers by
// ports published on loopback. What a pair is made of is removed by [Pair.Close]
// or, where the harness was killed, by a reaper container (docker/reaper). A
// pair that was asked to stay carries the label cyrdrill.keep and goes only by
// [Down].
//
//	make images
//	go test ./harness/cyrus
//	go test ./harness/cyrus -run '^$' -bench . -benchtime 5x
package cyrus

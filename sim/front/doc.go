// Package front opens a simulated pair on sockets.
//
//	go test ./sim/front
package front

package estimate

import "time"

// Work is an amount of it.
type Work struct {
	Messages int   `json:"messages"`
	Bytes    int64 `json:"bytes"`
}

// Plus returns both together.
func (w Work) Plus(more Work) Work { return Work{w.Messages + more.Messages, w.Bytes + more.Bytes} }

// Minus returns what is left of it, which is never less than nothing.
func (w Work) Minus(done Work) Work {
	return Work{max(0, w.Messages-done.Messages), max(0, w.Bytes-done.Bytes)}
}

// Cost is what work takes: seconds for each message, and for each byte.
type Cost struct{ PerMessage, PerByte float64 }

// Assumed is the cost before anything was measured: that of a small server which
// gets messages by APPEND, many in one command.
func Assumed() Cost { return Cost{PerMessage: 0.8e-3, PerByte: 2e-8} }

// Of returns the seconds that so much work takes.
func (c Cost) Of(w Work) float64 {
	return c.PerMessage*float64(w.Messages) + c.PerByte*float64(w.Bytes)
}

// Remaining is an estimate of the time that is left.
type Remaining struct {
	// Known is false as long as too little is done to tell.
	Known bool
	Time  time.Duration
	// In all likelihood it is between these.
	Least, Most time.Duration
}

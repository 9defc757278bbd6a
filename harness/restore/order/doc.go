// Package order says which account is restored next, so that most users have their
// mail soonest, and measures what an order is worth: a [Curve] is the share of users
// that are served over time.
//
//	go test ./harness/restore/order
//	go test ./harness/restore/order -run '^$' -bench Curve
package order

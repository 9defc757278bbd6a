// Package prompt has what is read from a Cyrus server acknowledged at once. Cyrus leaves
// Nagle's algorithm on, and so holds back the end of a longer answer until what went before
// is acknowledged, which the kernel would delay by 40 ms.
//
//	go test ./harness/wire/prompt
package prompt

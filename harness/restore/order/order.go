package order

import (
	"cmp"
	"strings"
	"time"
)

// Account is an account that has yet to be restored.
type Account struct {
	Name string
	// Takes is how long its restore takes, as far as that is known.
	Takes time.Duration
	// Idle is how long its user has not been seen.
	Idle time.Duration
	// Waiting: its user is waiting to log in, now.
	Waiting bool
}

// By compares two accounts: below 0 where a comes first.
type By func(a, b Account) int

// Soonest has those first whose users wait; among them, and then among the others,
// those that give most per second: an account counts less the longer its user has
// been away, and the more the longer it takes. For independent jobs of one machine
// that is the order with the least sum of weighted times (W. E. Smith, 1956).
func Soonest(a, b Account) int {
	switch {
	case a.Waiting && !b.Waiting:
		return -1
	case b.Waiting && !a.Waiting:
		return 1
	}
	return cmp.Or(cmp.Compare(b.worth(), a.worth()), strings.Compare(a.Name, b.Name))
}

// Alphabetical is the naive order.
func Alphabetical(a, b Account) int { return strings.Compare(a.Name, b.Name) }

// week is after how long an absence an account counts half.
const week = 7 * 24 * time.Hour

// Weight is what it is worth that the account's user has their mail: 1 for whoever was
// there just now, half of it after a week of absence, a fifth after a month.
func (a Account) Weight() float64 { return 1 / (1 + max(0, a.Idle.Hours())/week.Hours()) }

// worth is the weight by second. An account costs a moment even where nothing is to
// be done in it.
func (a Account) worth() float64 {
	const least = 10 * time.Millisecond
	return a.Weight() / max(a.Takes, least).Seconds()
}

// Next returns the index of the account that comes first; -1: there is none.
func Next(accounts []Account, by By) int {
	first := -1
	for i := range accounts {
		if first < 0 || by(accounts[i], accounts[first]) < 0 {
			first = i
		}
	}
	return first
}

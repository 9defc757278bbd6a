package detect

import "github.com/cyrdrill/cyrdrill/harness/target"

// Promise is what a detector claims: it can be held to it.
type Promise struct {
	// Kinds are the kinds of damage that it finds, wherever they are.
	Kinds []target.Kind
	// Rounds is how many looks it takes at most, the first one after the damage
	// included.
	Rounds int
	// Probability is the chance with which a round finds one piece of damage: 1, but
	// for a detector that looks at a sample.
	Probability float64
}

// atOnce promises to find all damage of these kinds at the first look.
func atOnce(kinds ...target.Kind) Promise {
	return Promise{Kinds: kinds, Rounds: 1, Probability: 1}
}

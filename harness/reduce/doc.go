// Package reduce makes a plan that fails as small as it can, so that a person sees what
// it takes: fewer steps, accounts, operations, messages, faults' parameters, and
// promises. [Reduce] runs what is left again and again, and keeps a smaller plan only
// where that fails in the very same way.
//
// A failure is told by what is broken ([Failure]), and two rules keep a reduction from
// slipping to another bug:
//
//   - the set of broken properties must stay the same, of all that the plan expects;
//   - a repair stays for as long as what it may have to mend stays. To take away the
//     restore, and to leave the death of the master, would break no-loss as well, and
//     show nothing.
//
// What is not a plan any more (a rescue without a promotion) is never run. Where a
// failure is not certain, its rate is measured, and what is left is tried as often as
// that rate asks for.
//
// The package knows nothing of targets: [Run] is whatever carries out a plan and says
// what it showed. [OnTarget] is the usual one.
//
//	go test ./harness/reduce
//	cyrdrill reduce plan.yaml --target sim
package reduce

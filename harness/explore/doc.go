// Package explore looks for the incident that nobody has thought of. It draws plans,
// runs them in bulk, and keeps of each sort of failure the smallest plan that shows it.
//
// A plan is drawn by [Plans] within a [Swarm]: the operations, faults and turns that this
// one run may have at all. What can be promised of it follows from its steps alone
// ([Foresee]): where one good copy of all that users were promised remains and the plan
// brings it back, nothing may be lost; where not, each loss must be one that the operator
// was told of. The promise is written into the plan, so that 'cyrdrill run' judges it as
// the campaign did. [Judge] holds the result against it.
//
//	go test ./harness/explore
//	go run ./cmd/cyrdrill explore --target sim --drills 1000
package explore

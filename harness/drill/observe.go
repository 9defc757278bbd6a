package drill

import "time"

// EventKind says what an event is about.
type EventKind string

// The kinds of events.
const (
	EventDrillStarted EventKind = "drill-started"
	EventStepStarted  EventKind = "step-started"
	EventStepEnded    EventKind = "step-ended"
	EventNote         EventKind = "note" // something that a step saw or did
	EventMark         EventKind = "mark"
	EventFinding      EventKind = "finding"
	EventProperty     EventKind = "property"
	EventDrillEnded   EventKind = "drill-ended"
)

// Event is one thing that happened in a drill, as events.jsonl holds it. Its
// time is the target's, so that two runs of one seed on the simulator are
// equal to the byte.
type Event struct {
	At    time.Time `json:"at"`
	Kind  EventKind `json:"kind"`
	Step  int       `json:"step,omitempty"`  // number of the step, from 1
	Steps int       `json:"steps,omitempty"` // how many the plan has
	Text  string    `json:"text"`            // in an operator's words
	// Failed: the step, property or drill did not end well.
	Failed bool `json:"failed,omitempty"`
}

// Observer is told of events as they happen. It must not block for long.
type Observer func(Event)

package plan

import "github.com/cyrdrill/cyrdrill/harness/document"

// Pos is a place in the plan's file.
type Pos = document.Pos

// Error is one thing that is wrong with a plan, at its place in the file.
type Error = document.Error

// Errors is everything that is wrong with a plan, in order of place.
type Errors = document.Errors

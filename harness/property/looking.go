package property

import "github.com/cyrdrill/cyrdrill/harness/target"

// LookingChangesNothing is property 12: whoever only looks leaves everything as
// it is.
type LookingChangesNothing struct{}

// Look is one look at a server, with digests of its data before and after.
type Look struct {
	Detector      string
	Server        target.ServerName
	Before, After string // empty: could not be taken
}

// Number implements [Property].
func (LookingChangesNothing) Number() int { return 12 }

// Name implements [Property].
func (LookingChangesNothing) Name() string { return "looking-changes-nothing" }

// Doc implements [Property].
func (LookingChangesNothing) Doc() string {
	return "no detector has changed a server's data by looking at it"
}

// Check implements [Property].
func (p LookingChangesNothing) Check(scene Scene) Result {
	result := Result{Number: p.Number(), Name: p.Name()}
	for _, look := range scene.Looks {
		switch {
		case look.Before == "" || look.After == "":
			result.unknown("%s on %s: there is no digest of its data before and after", look.Detector, look.Server)
			continue
		case look.Before != look.After:
			result.violateAt(target.Place{Server: look.Server}, "", "%s changed the server's data by looking at it (digest %.12s, then %.12s)", look.Detector, look.Before, look.After)
		}
		result.Checked++
	}
	return result.conclude()
}

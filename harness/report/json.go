package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/cyrdrill/cyrdrill/harness/drill"
)

// WriteJSON writes the result as result.json holds it. A result that its own
// schema does not allow is written all the same, and the error says why it is
// not to be relied on.
func WriteJSON(w io.Writer, result *drill.Result) error {
	var text bytes.Buffer
	if err := writeJSON(&text, result); err != nil {
		return err
	}
	if _, err := w.Write(text.Bytes()); err != nil {
		return err
	}
	if err := drill.CheckResult(text.Bytes()); err != nil {
		return fmt.Errorf("the result does not match its schema, which is a fault of cyrdrill: %w", err)
	}
	return nil
}

func writeJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

package wire

import (
	"context"
	"fmt"
)

// Namespace is how a user is shown mailboxes (RFC 2342): what the names of own ones and
// of others' begin with, and what parts them.
type Namespace struct{ Personal, Others, Delimiter string }

// Namespace asks for the first namespace of each kind.
func (c *IMAP) Namespace(ctx context.Context) (Namespace, error) {
	var told Namespace
	_, err := c.run(ctx, command{
		name:  "NAMESPACE",
		parts: []part{{text: "NAMESPACE"}},
		each: func(response *Response) error {
			if response.Name != "NAMESPACE" {
				return nil
			}
			values, err := response.Values()
			if err != nil {
				return err
			}
			if len(values) < 2 {
				return fmt.Errorf("NAMESPACE answer not understood: %.60q", response.rest)
			}
			told.Personal, told.Delimiter = firstNamespace(values[0])
			told.Others, _ = firstNamespace(values[1])
			return nil
		},
	})
	return told, err
}

func firstNamespace(kind Value) (prefix, delimiter string) {
	if len(kind.List) == 0 || len(kind.List[0].List) < 2 {
		return "", ""
	}
	first := kind.List[0].List
	return string(first[0].Text), string(first[1].Text)
}

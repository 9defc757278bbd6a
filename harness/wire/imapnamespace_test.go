package wire

import "testing"

func TestNamespace(t *testing.T) {
	for said, want := range map[string]Namespace{
		`(("INBOX/" "/")) (("user/" "/")) (("" "/"))`:                 {Personal: "INBOX/", Others: "user/", Delimiter: "/"},
		`(("" ".")) (("Other Users." ".")) (("Shared Folders." "."))`: {Others: "Other Users.", Delimiter: "."},
		`(("INBOX/" "/")) NIL NIL`:                                    {Personal: "INBOX/", Delimiter: "/"},
	} {
		conversation := []string{"C: c2 NAMESPACE", "S: * NAMESPACE " + said, "S: c2 OK Completed", "C: c3 LOGOUT", "S: * BYE", "S: c3 OK"}
		withIMAP(t, conversation, func(t *testing.T, c *IMAP) {
			if got, err := c.Namespace(soon(t)); err != nil || got != want {
				t.Errorf("%s is taken for %+v, %v", said, got, err)
			}
		})
	}
}

package sdjwt

// Unverified gives what the token says, with its disclosures in their places,
// whoever says it: for showing what was verified when it was taken, and for
// nothing else.
func (t *Token) Unverified() (*Credential, error) { return t.open() }

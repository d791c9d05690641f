package harrier

// Login is a credential with its secrets in the clear, as an engine needs it to
// sign in. It is kept in memory only, and prints without what is secret.
type Login struct {
	Credential Credential        `json:"credential"`
	Secrets    map[string]string `json:"secrets"`
}

// String tells the sort of the credential.
func (l Login) String() string { return l.Credential.Category + " " + l.Credential.Type }

// GoString is String.
func (l Login) GoString() string { return l.String() }

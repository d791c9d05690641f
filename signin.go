package harrier

// SignInCheck is the check that tries the credentials of a scan at a host's
// first SSH server.
const SignInCheck VulnID = 141118

// SignInResult says how signing in went.
type SignInResult uint8

// The results.
const (
	SignInUntold    SignInResult = iota // it was not tried, or nobody could tell
	NoCredentials                       // the scan had none for the service
	SignInRefused                       // the service took none of the accounts
	SignInSucceeded                     // an account was let in
)

// String returns the word that searches have for r.
func (r SignInResult) String() string {
	return [...]string{"UNKNOWN", "NO_CREDS_SUPPLIED", "LOGIN_FAILED", "LOGIN_SUCCESSFUL"}[min(r, SignInSucceeded)]
}

// SignIn is how the last scan of an asset fared with its credentials at a
// service that takes some.
type SignIn struct {
	Endpoint
	Result SignInResult
}

// SignIns says from the coverage of a host how signing in went at its SSH
// servers, which come in the order of Endpoint.Compare. Who has credentials tries
// them at the first one alone, so that no account is locked.
func SignIns(c *Coverage, servers []Endpoint) []SignIn {
	if c == nil || len(servers) == 0 {
		return nil
	}
	outcome, reason := c.Outcome(SignInCheck, Endpoint{})
	switch {
	case outcome == Vulnerable: // the fact is there
		return []SignIn{{servers[0], SignInSucceeded}}
	case outcome == Clean:
		return []SignIn{{servers[0], SignInRefused}}
	case outcome != Skipped || reason != NoLoginsFor("SSH"):
		return []SignIn{{servers[0], SignInUntold}}
	}
	out := make([]SignIn, len(servers))
	for i, at := range servers {
		out[i] = SignIn{at, NoCredentials}
	}
	return out
}

// NoLoginsFor is the reason why checks that sign in are skipped where the scan
// has no credentials of their type.
func NoLoginsFor(kind string) string { return "the scan has no credentials for " + kind }

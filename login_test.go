package harrier

import "testing"

// TestHere shows where a login is used that is restricted.
func TestHere(t *testing.T) {
	for _, c := range []struct {
		host, port string
		want       bool
	}{
		{"", "", true},
		{"192.0.2.1", "", true},
		{"::ffff:192.0.2.1", "", true},
		{" WEB.example.com ", "22", true},
		{"", "0", true},
		{"192.0.2.10", "", false},
		{"web", "", false},
		{"", "2222", false},
		{"192.0.2.1", "2222", false},
	} {
		l := Login{Credential: Credential{Fields: map[string]string{OnlyAtHost: c.host, OnlyAtPort: c.port}}}
		if got := l.Here(22, "192.0.2.1", "web.example.com", ""); got != c.want {
			t.Errorf("Here with host %q and port %q = %v; want %v", c.host, c.port, got, c.want)
		}
	}
	if !(Login{}).Here(22) {
		t.Error("a login without fields is for no host")
	}
}

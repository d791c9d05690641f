package console

import (
	"net/http"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestNewAPIKey makes keys beside a running console: they are good at once.
func TestNewAPIKey(t *testing.T) {
	c := testConfig(t, t.TempDir())
	if _, err := NewAPIKey(t.Context(), c, "admin", "a script", false); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("NewAPIKey before the first start = %v; want NotFound", err)
	}
	con, stop := start(t, c)
	status := func(key string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+con.Addrs()[0].String()+"/validate", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Api-Key", key)
		code, _ := send(t, r)
		return code
	}
	keys := map[string]bool{}
	for _, all := range []bool{false, true} {
		key, err := NewAPIKey(t.Context(), c, strings.ToUpper(con.First.Name), "a script", all)
		if err != nil {
			t.Fatal(err)
		}
		if code := status(key); code != http.StatusOK || keys[key] {
			t.Errorf("/validate with a new key, of all: %v = %d; known before: %v", all, code, keys[key])
		}
		keys[key] = true
	}
	if code := status("0" + con.First.Password); code != http.StatusUnauthorized {
		t.Errorf("/validate with a wrong key = %d; want 401", code)
	}
	if _, err := NewAPIKey(t.Context(), c, "nobody", "a script", false); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("NewAPIKey for nobody = %v; want NotFound", err)
	}
	if err := stop(); err != nil {
		t.Errorf("Run = %v", err)
	}
}

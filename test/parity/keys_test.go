package parity_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/harrier-scan/harrier/internal/dialect/asm"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/insightvm"
)

// TestOwnKey: the key that users make for themselves, in a session, through the one
// door that has a call for it is good at the other that takes such keys.
func TestOwnKey(t *testing.T) {
	c := exchange.Start(t, asm.New)
	session, _, err := c.Rooms.Identity.SignIn(t.Context(), c.Name, c.Password, "test", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	cookie := "hexiosec-session=" + session
	var auth struct{ CSRF string }
	status, raw := exchange.Ask(t, http.MethodGet, c.URL+"/api/auth", "", "Cookie", cookie)
	if err := json.Unmarshal(raw, &auth); err != nil || status != http.StatusOK {
		t.Fatalf("auth: %d %s, %v", status, raw, err)
	}
	var made struct {
		Key string `json:"api_key"`
	}
	status, raw = exchange.Ask(t, http.MethodPost, c.URL+"/api/users/api_key", `{"description":"mine","lifetime":"720h"}`,
		"Cookie", cookie, "X-CSRF-Token", auth.CSRF, "Content-Type", "application/json")
	if err := json.Unmarshal(raw, &made); err != nil || status != http.StatusCreated {
		t.Fatalf("a key: %d %s, %v", status, raw, err)
	}
	other := httptest.NewServer(insightvm.New(c.Rooms))
	defer other.Close()
	for key, want := range map[string]int{made.Key: http.StatusOK, made.Key + "x": http.StatusUnauthorized} {
		if status, raw := exchange.Ask(t, http.MethodPost, other.URL+"/validate", "", "X-Api-Key", key); status != want {
			t.Errorf("validate: %d %s; want %d", status, raw, want)
		}
	}
}

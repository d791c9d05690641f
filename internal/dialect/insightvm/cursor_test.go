package insightvm

import (
	"encoding/json"
	"testing"
)

// TestCursorText holds that a cursor is JSON whatever the values of a row are:
// banners and names of sites have characters that do not print.
func TestCursorText(t *testing.T) {
	for _, name := range []string{"a", "a\x7fb", "a\ab\v", "\U000e0001", "é\u00a0", `"\`, "a:::b%", "<&>"} {
		p := paging{orders: []order{{name: "name", field: "name"}}}
		made := cursorOf("sites", p.orders, []any{name})
		text, err := json.Marshal(made)
		if err != nil {
			t.Errorf("cursor behind %q: %v", name, err)
			continue
		}
		if err := json.Unmarshal(text, &p.cursor); err != nil {
			t.Errorf("cursor %s: %v", text, err)
		}
		if at, err := p.position("sites", 1); err != nil || at[0] != name {
			t.Errorf("cursor %s leads behind %q, %v; want %q", text, at, err, name)
		}
	}
}

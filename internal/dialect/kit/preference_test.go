package kit

import (
	"reflect"
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestPreferences: each preference reads back as it was set, changes nothing when
// it is set to what it says, and refuses nonsense.
func TestPreferences(t *testing.T) {
	values := map[string]string{
		"tcp_ping_dest_ports": "22,443", "icmp_ping_retries": "4", "portscan_range": "1-1024", "report_paranoia": Accuracies[1], "syn_scanner": "no",
		"syn_firewall_detection": Firewalls[3], "tcp_firewall_detection": Firewalls[1],
	}
	for name, p := range Preferences {
		var s harrier.Settings
		if err := p.Set(&s, p.Get(s)); err != nil || !reflect.DeepEqual(s, harrier.Settings{}) {
			t.Errorf("%s set to %q, its default, makes %+v, %v", name, p.Get(harrier.Settings{}), s, err)
		}
		text := values[name]
		if text == "" {
			text = map[string]string{"yes": "no", "no": "yes"}[p.Get(s)]
		}
		if err := p.Set(&s, text); err != nil || p.Get(s) != text {
			t.Errorf("%s set to %q reads %q, %v", name, text, p.Get(s), err)
		}
		before := s
		if err := p.Set(&s, "a lot, perhaps"); err == nil || !reflect.DeepEqual(s, before) {
			t.Errorf("%s takes nonsense: %+v, %v", name, s, err)
		}
	}
}

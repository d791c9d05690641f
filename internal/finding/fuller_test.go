package finding

import (
	"reflect"
	"testing"

	"github.com/harrier-scan/harrier"
)

// What two messages say of a host's evidence is joined to the same, whichever
// comes first; neither loses to a message that says nothing.
func TestFullerHost(t *testing.T) {
	few := harrier.Host{Alive: true, Signs: []harrier.Sign{{Source: "SSH", OS: "Debian GNU/Linux", Weight: 90}}}
	more := harrier.Host{Alive: true, Signs: []harrier.Sign{{Source: "SSH", Weight: 1}, {Source: "HTTP", Weight: 1}}, Stack: &harrier.Stack{TTL: 64}, Route: []harrier.Hop{{RTT: 1}, {RTT: 2}}}
	other := harrier.Host{Alive: true, Stack: &harrier.Stack{TTL: 128}, Fragile: true, FragileWhy: "a printer", Raw: true, Route: []harrier.Hop{{RTT: 3}}}
	all := []harrier.Host{{Alive: true}, few, more, other}
	for i := range all {
		for j := range all {
			ab, ba := fullerHost(all[i], all[j]), fullerHost(all[j], all[i])
			if !reflect.DeepEqual(ab, ba) {
				t.Errorf("%d and %d: joined to %+v one way and %+v the other", i, j, ab, ba)
			}
			if again := fullerHost(ab, all[j]); !reflect.DeepEqual(ab, again) {
				t.Errorf("%d and %d: a repeat made %+v of %+v", i, j, again, ab)
			}
		}
	}
	if h := fullerHost(few, harrier.Host{Alive: true}); len(h.Signs) != 1 || h.Stack != nil {
		t.Errorf("a message that says nothing left %+v", h)
	}
	if h := fullerHost(few, other); h.FragileWhy != "a printer" || h.Stack == nil || len(h.Signs) != 1 || !h.Raw || len(h.Route) != 1 {
		t.Errorf("joined to %+v", h)
	}
}

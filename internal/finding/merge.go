package finding

import (
	"bytes"
	"cmp"
	"encoding/json"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/harrier-scan/harrier"
)

// The rules by which two statements about the same thing become one. Each of
// them is a maximum in some order, so that neither repeats nor the order of
// arrival matter.

// laterObservation returns the observation that stands: the later one, and of
// two of the same instant the surer.
func laterObservation(a, b harrier.Observation) harrier.Observation {
	if cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Certainty, b.Certainty), cmp.Compare(a.Evidence, b.Evidence),
		cmp.Compare(a.Service, b.Service), cmp.Compare(a.Source, b.Source)) >= 0 {
		return a
	}
	return b
}

// richerService returns what one scan says of one endpoint: the statement that
// knows more, and of two that know as much the later one.
func richerService(a, b harrier.Service) harrier.Service {
	first, last := a.FirstSeen, later(a.LastSeen, b.LastSeen)
	if c := compareServices(a, b); c < 0 {
		a = b
	}
	a.FirstSeen, a.LastSeen = first, last
	return a
}

func compareServices(a, b harrier.Service) int {
	known := func(s harrier.Service) int {
		n := 0
		for i, there := range []bool{s.Banner != "", s.Name != "", s.Product != "", s.Version != ""} {
			if there {
				n += 1 << i
			}
		}
		return n
	}
	c := cmp.Or(cmp.Compare(known(a), known(b)), cmp.Compare(a.Certainty, b.Certainty),
		cmp.Compare(len(a.Facts), len(b.Facts)), cmp.Compare(len(a.Certificates), len(b.Certificates)),
		cmp.Compare(len(a.Technologies), len(b.Technologies)))
	if c == 0 {
		c = cmp.Or(a.LastSeen.Compare(b.LastSeen), bytes.Compare(written(a), written(b)))
	}
	return c
}

// written is a service as text, to tell two apart that differ in small things.
func written(s harrier.Service) []byte {
	s.FirstSeen, s.LastSeen = time.Time{}, time.Time{}
	b, _ := json.Marshal(s) // a struct of plain fields: never fails
	return b
}

// fullerHost joins what two messages of one scan say about a host. Ended is not
// joined: it goes with the coverage that stands.
func fullerHost(a, b harrier.Host) harrier.Host {
	if a.Alive != b.Alive {
		if b.Alive {
			a, b = b, a
		}
		b.Reason = ""
	}
	a.Reason = max(a.Reason, b.Reason)
	a.RTT = max(a.RTT, b.RTT)
	a.MAC, a.FQDN, a.NetBIOS = max(a.MAC, b.MAC), max(a.FQDN, b.FQDN), max(a.NetBIOS, b.NetBIOS)
	a.DeviceType = max(a.DeviceType, b.DeviceType)
	if cmp.Or(cmp.Compare(a.OSConfidence, b.OSConfidence), cmp.Compare(a.OS, b.OS),
		cmp.Compare(a.OSMethod, b.OSMethod), cmp.Compare(a.OSCPE, b.OSCPE)) < 0 {
		a.OS, a.OSConfidence, a.OSMethod, a.OSCPE = b.OS, b.OSConfidence, b.OSMethod, b.OSCPE
	}
	a.Fragile, a.FragileWhy = a.Fragile || b.Fragile, max(a.FragileWhy, b.FragileWhy)
	a.Signs, a.Stack = fuller(a.Signs, b.Signs, len(a.Signs)-len(b.Signs)), fuller(a.Stack, b.Stack, 0)
	a.Raw, a.Route = a.Raw || b.Raw, fuller(a.Route, b.Route, len(a.Route)-len(b.Route))
	a.Started = earlier(a.Started, b.Started)
	return a
}

// fuller returns the statement that says more, by more where that is told, and
// else the greater one as text.
func fuller[T any](a, b T, more int) T {
	if more == 0 && !reflect.DeepEqual(a, b) {
		x, _ := json.Marshal(a) // plain fields: never fails
		y, _ := json.Marshal(b)
		more = cmp.Or(len(x)-len(y), bytes.Compare(x, y))
	}
	if more < 0 {
		return b
	}
	return a
}

// stands reports whether coverage with the end a stands against another with
// the end b: that of a host that answered, of a complete run, of the first one.
func stands(a *harrier.Coverage, endA time.Time, b *harrier.Coverage, endB time.Time) bool {
	if a.Alive != b.Alive {
		return a.Alive
	}
	if a.Complete != b.Complete {
		return a.Complete
	}
	return !endA.After(endB)
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// earlier returns the earlier of two instants that are known.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// maxEvidence is how much evidence of one observation is kept.
const maxEvidence = 64 << 10

// tidy makes the texts of an observation such as the store keeps them, so that
// what is in memory equals what is read back.
func tidy(o harrier.Observation) harrier.Observation {
	for _, s := range []*string{&o.Key, &o.Service, &o.Evidence, &o.Source} {
		if !utf8.ValidString(*s) || strings.Contains(*s, "\x00") {
			*s = strings.ReplaceAll(strings.ToValidUTF8(*s, "\uFFFD"), "\x00", "")
		}
	}
	if len(o.Evidence) > maxEvidence {
		o.Evidence = strings.ToValidUTF8(o.Evidence[:maxEvidence], "")
	}
	return o
}

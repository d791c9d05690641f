package osident

import (
	"fmt"
	"slices"
	"sync"

	"github.com/harrier-scan/harrier"
)

// fragileWeight is how weighty a sign of a fragile class has to be for a host
// to be treated gently: less than it takes to be sure, for a false alarm costs
// some time, and a stopped machine more.
const fragileWeight = 40

// Watch looks at what becomes known of one host, as it does, and tells when that
// shows a device of a fragile class. The zero value is ready; its methods may
// overlap. Each returns why the host is to be treated gently, "" while it is
// not: "a printer, by open ports (TCP ports 515, 631)".
type Watch struct {
	mu   sync.Mutex
	open map[uint16]bool
}

// telling are the ports that some pattern of a fragile class needs.
var telling = func() map[uint16]bool {
	out := map[uint16]bool{}
	for _, p := range patterns {
		if Fragile(p.device) {
			for _, port := range slices.Concat(p.all, p.none) {
				out[port] = true
			}
		}
	}
	return out
}()

// MAC looks at the address of the network card.
func (w *Watch) MAC(mac string) string {
	for _, s := range fromMAC(mac) {
		if why := alarm(s); why != "" {
			return why
		}
	}
	return ""
}

// Open looks at an open port.
func (w *Watch) Open(e harrier.Endpoint) string {
	if e.Protocol != harrier.TCP || !telling[e.Port] {
		return ""
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open == nil {
		w.open = map[uint16]bool{}
	}
	w.open[e.Port] = true
	for i := range patterns {
		p := &patterns[i]
		if Fragile(p.device) && p.fits(w.open) {
			if why := alarm(sign{source: portsSource, device: p.device, weight: p.weight, text: p.text()}); why != "" {
				return why
			}
		}
	}
	return ""
}

// Service looks at a service that was recognised.
func (w *Watch) Service(s harrier.Service) string {
	if s.Name == "" && s.Banner == "" && len(s.Facts) == 0 {
		return ""
	}
	for _, k := range fromService(&s) {
		if k.device == "" {
			k.device = deviceOf(k.system)
		}
		if why := alarm(k); why != "" {
			return why
		}
	}
	return ""
}

// alarm is why a sign asks for gentleness; "" when it does not.
func alarm(s sign) string {
	if !Fragile(s.device) || s.weight < fragileWeight {
		return ""
	}
	return fmt.Sprintf("%s, by %s (%s)", spoken[s.device], s.source, clip(s.text))
}

// spoken are the fragile classes in words.
var spoken = map[string]string{
	Printer: "a printer", PLC: "a programmable controller", Industrial: "a part of a control system", Building: "a building control",
	Medical: "a medical device", UPS: "a power supply", Embedded: "an embedded device",
}

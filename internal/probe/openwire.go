package probe

import (
	"bytes"
	"context"

	"github.com/harrier-scan/harrier"
)

var openwireProtocol = Protocol{
	Name: "openwire", Transport: harrier.TCP, Ports: []uint16{61616, 61617, 61618},
	First:  true,
	Banner: isOpenWire,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		p := openwireProperties(first)
		name, v := p["ProviderName"], versionText(p["ProviderVersion"])
		x.s.Banner = clip(oneLine(name+" "+v+" "+p["PlatformDetails"]), maxBanner)
		x.is("Apache ActiveMQ", "apache:activemq", "", "WireFormatInfo")
		switch name {
		case "ActiveMQ":
			x.is("Apache ActiveMQ", "apache:activemq", v, "ProviderVersion "+v)
		case "ActiveMQ-Artemis", "ActiveMQ Artemis":
			x.is("Apache ActiveMQ Artemis", "apache:artemis", v, "ProviderVersion "+v)
		}
		x.fact("openwire.platform", p["PlatformDetails"])
	},
}

// isOpenWire takes a frame with the wire format's information, which a broker
// sends before it is asked.
//
// Source: Apache ActiveMQ, "OpenWire Version 2 Specification".
func isOpenWire(b []byte) bool {
	return len(b) >= 17 && b[0] == 0 && b[4] == 1 && bytes.Equal(b[5:13], []byte("ActiveMQ"))
}

// openwireProperties reads the texts among the properties: a map whose keys are
// texts with a length of two bytes, and whose values have their type in front.
func openwireProperties(b []byte) map[string]string {
	out := map[string]string{}
	c := cursor{b: b}
	c.skip(4 + 1 + 8 + 4 + 1) // length, type, magic, version, "there are properties"
	c.skip(4)                 // their size
	for n := c.be32(); n > 0 && n < 100 && !c.bad; n-- {
		key := string(c.bytes(c.be16()))
		switch kind := c.u8(); kind {
		case 0: // null
		case 1, 2: // boolean, byte
			c.skip(1)
		case 3, 4: // character, short
			c.skip(2)
		case 5, 8: // integer, float
			c.skip(4)
		case 6, 7: // long, double
			c.skip(8)
		case 9: // text
			if text := c.bytes(c.be16()); !c.bad {
				out[key] = clip(clean(string(text)), 256)
			}
		default:
			return out
		}
	}
	return out
}

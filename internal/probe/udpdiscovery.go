package probe

import (
	"bytes"
	"context"
	"encoding/xml"
	"net/url"
	"strings"

	"github.com/harrier-scan/harrier/internal/probe/question"
)

var uuidPattern = pattern(`[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}`)

var ssdpUDP = overUDP(Protocol{
	Name:  "ssdp",
	Reply: question.SSDPAnswer,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		h := parseHTTPHead(first)
		server := h.get("Server")
		x.s.Banner = printable(first)
		x.fact("ssdp.server", server)
		x.fact("ssdp.usn", h.get("USN"))
		x.fact("ssdp.location", h.get("Location")) // not fetched: it may lead anywhere
		x.fact("upnp.uuid", strings.ToLower(uuidPattern.FindString(h.get("USN"))))
		x.tell("ssdp", server)
		if name, rest, found := strings.Cut(server, "/"); found && x.s.Fact("os.hint") == "" {
			version, _, _ := strings.Cut(rest, " ")
			x.fact("os.hint", ssdpSystem(name, strings.TrimRight(version, ",")))
		}
	},
})

// ssdpSystem is the system that the first word of a SERVER header names; "" for
// anything that is no system.
//
// Source: UPnP Device Architecture 1.1, section 1.3.3.
func ssdpSystem(name, version string) string {
	switch strings.ToLower(name) {
	case "linux":
		return "Linux " + version
	case "microsoft-windows", "microsoft-windows-nt", "windows nt":
		return "Windows"
	case "freebsd", "netbsd", "openbsd", "vxworks", "darwin":
		return name + " " + version
	}
	return ""
}

var wsdUDP = overUDP(Protocol{
	Name:  "wsd",
	Reply: question.WSDAnswer,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		m := parseProbeMatch(first)
		x.fact("wsd.types", m["Types"])
		x.fact("wsd.xaddrs", m["XAddrs"])
		x.fact("wsd.scopes", m["Scopes"])
		x.fact("wsd.uuid", strings.ToLower(uuidPattern.FindString(m["Address"])))
		switch types := m["Types"]; {
		case strings.Contains(types, "NetworkVideoTransmitter"):
			x.fact("device.hint", "camera")
		case strings.Contains(types, "PrintDeviceType"), strings.Contains(types, "PrinterServiceType"):
			x.fact("device.hint", "printer")
		}
		for scope := range strings.FieldsSeq(m["Scopes"]) {
			rest, onvif := strings.CutPrefix(scope, "onvif://www.onvif.org/")
			key, value, found := strings.Cut(rest, "/")
			if text, err := url.PathUnescape(value); onvif && found && err == nil && (key == "name" || key == "hardware" || key == "location") {
				x.fact("onvif."+key, text)
			}
		}
		x.fact("device.model", x.s.Fact("onvif.hardware"))
	},
})

// parseProbeMatch returns the texts of the first match, by the local names of
// their elements.
//
// Source: WS-Discovery (April 2005), section 5.3.
func parseProbeMatch(b []byte) map[string]string {
	out := map[string]string{}
	d := xml.NewDecoder(bytes.NewReader(b))
	inside, name := false, ""
	for range 500 {
		token, err := d.Token()
		if err != nil {
			break
		}
		switch token := token.(type) {
		case xml.StartElement:
			name = token.Name.Local
			inside = inside || name == "ProbeMatch"
		case xml.EndElement:
			if name = ""; token.Name.Local == "ProbeMatch" {
				return out
			}
		case xml.CharData:
			if inside && name != "" && out[name] == "" {
				out[name] = strings.Join(strings.Fields(clean(string(token))), " ")
			}
		}
	}
	return out
}

var plexUDP = overUDP(Protocol{
	Name: "plex",
	Reply: func(b []byte) bool {
		return bytes.HasPrefix(b, []byte("HTTP/1.")) && bytes.Contains(b, []byte("plex/media-server"))
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		h := parseHTTPHead(first)
		x.s.Banner = printable(first)
		x.fact("host.name", h.get("Name"))
		x.fact("plex.id", h.get("Resource-Identifier"))
		if !x.tell("plex", h.get("Version")) {
			x.is("Plex Media Server", "plex:media_server", "", "Content-Type: plex/media-server")
		}
	},
})

var jenkinsUDP = overUDP(Protocol{
	Name: "jenkins-discovery",
	Reply: func(b []byte) bool {
		return bytes.HasPrefix(b, []byte("<hudson>")) && bytes.Contains(b, []byte("</hudson>"))
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		text := string(first)
		x.s.Banner = printable(first)
		x.fact("jenkins.url", between(text, "<url>", "</url>"))
		x.fact("jenkins.id", between(text, "<server-id>", "</server-id>"))
		if !x.tell("jenkins", between(text, "<version>", "</version>")) {
			x.is("Jenkins", "jenkins:jenkins", "", "<hudson>")
		}
	},
})

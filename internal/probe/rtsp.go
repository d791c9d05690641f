package probe

import (
	"bytes"
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

// rtspProtocol steers streams: cameras, recorders, speakers.
//
// Source: RFC 2326, sections 10.1 (OPTIONS) and 10.2 (DESCRIBE).
var rtspProtocol = Protocol{
	Name: "rtsp", Transport: harrier.TCP, Ports: []uint16{554, 8554, 10554, 5554, 1554, 7070},
	Common: true,
	Hello: func(Target) []byte {
		return []byte("OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: Harrier\r\n\r\n")
	},
	Done:   headDone,
	Reply:  func(b []byte) bool { return bytes.HasPrefix(b, []byte("RTSP/1.")) },
	Banner: func(b []byte) bool { return bytes.HasPrefix(b, []byte("RTSP/1.")) },
	Learn:  learnRTSP,
}

func learnRTSP(ctx context.Context, x *talk, first []byte, _ bool) {
	h := parseHTTPHead(first)
	x.s.Banner = printable(first)
	server := h.get("Server")
	x.fact("rtsp.server", server)
	x.fact("rtsp.methods", h.get("Public"))
	x.tell("rtsp", server)
	if strings.HasPrefix(server, "AirTunes/") {
		x.fact("device.hint", "media")
		return
	}
	if !strings.Contains(h.get("Public"), "DESCRIBE") && h.get("Public") != "" {
		return
	}
	// Without a path, cameras answer with who wants to know: the realm.
	b, err := x.ask(ctx, []byte("DESCRIBE rtsp://"+targetHost(x.Target)+":"+itoa(int(x.Port))+"/ RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\nUser-Agent: Harrier\r\n\r\n"), headDone)
	if err != nil || !bytes.HasPrefix(b, []byte("RTSP/1.")) {
		return
	}
	h = parseHTTPHead(b)
	if server == "" {
		server = h.get("Server")
		x.fact("rtsp.server", server)
		x.tell("rtsp", server)
	}
	realm := ""
	if m := rtspRealm.FindStringSubmatch(h.get("WWW-Authenticate")); m != nil {
		realm = m[1]
	}
	x.fact("rtsp.realm", realm)
	switch code := firstLine(b); {
	case strings.Contains(code, " 401"):
		x.fact("auth.required", "yes")
	case strings.Contains(code, " 200"):
		x.fact("auth.required", "no")
	}
	x.rtspDevice(server, realm)
}

var (
	rtspRealm = pattern(`(?i)realm="([^"]{1,120})"`)
	// rtspCamera fits names that makers of cameras write into server or realm.
	rtspCamera = pattern(`(?i)hikvision|\bip ?camera|ipcam|ip-camera|dahua|axis[_ ]|^axis$|hipcam|vivotek|foscam|amcrest|reolink|uniview|hanwha|bosch|mobotix|` +
		`^login to [0-9a-z]{10,20}$|netcam|network camera|rtsp server \(cam|streaming server v0\.1|h264dvr|geovision|tp-link ip`)
	rtspAxis  = pattern(`^AXIS_(?:WS_)?([0-9A-Fa-f]{12})$`)
	rtspDahua = pattern(`^Login to ([0-9A-Za-z]{13,20})$`)
)

func (x *talk) rtspDevice(server, realm string) {
	if rtspCamera.MatchString(server) || rtspCamera.MatchString(realm) {
		x.fact("device.hint", "camera")
	}
	if m := rtspAxis.FindStringSubmatch(realm); m != nil {
		mac := strings.ToLower(m[1])
		x.fact("host.mac", mac[:2]+":"+mac[2:4]+":"+mac[4:6]+":"+mac[6:8]+":"+mac[8:10]+":"+mac[10:])
		if x.s.Product == "" {
			x.is("Axis network camera", "", "", realm)
		}
	}
	if m := rtspDahua.FindStringSubmatch(realm); m != nil {
		x.fact("host.serial", m[1])
	}
}

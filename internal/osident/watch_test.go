package osident

import (
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

func TestWatch(t *testing.T) {
	type step func(w *Watch) string
	open := func(ports ...uint16) step {
		return func(w *Watch) (why string) {
			for _, p := range ports {
				why = w.Open(harrier.Endpoint{Protocol: harrier.TCP, Port: p})
			}
			return why
		}
	}
	mac := func(s string) step { return func(w *Watch) string { return w.MAC(s) } }
	says := func(s harrier.Service) step { return func(w *Watch) string { return w.Service(s) } }
	for _, c := range []struct {
		name string
		do   []step
		want string // what the last step answers starts with; the others answer nothing
	}{
		{"a web server", []step{open(80, 443), says(s(80, "http", "http.server", "nginx/1.25.3"))}, ""},
		{"a Linux server with CUPS", []step{open(22, 80, 631), says(ssh("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2")), says(s(631, "http", "http.server", "CUPS/2.4 IPP/2.1", "http.title", "Home - CUPS 2.4.2"))}, ""},
		{"LPD alone", []step{open(515, 80)}, ""},
		{"LPD and IPP", []step{open(515, 80), open(631)}, "a printer, by open ports (TCP ports 515, 631)"},
		{"JetDirect and LPD", []step{open(515), open(9100)}, "a printer, by open ports (TCP ports 515, 9100)"},
		{"a control port by UDP", []step{func(w *Watch) string { return w.Open(harrier.Endpoint{Protocol: harrier.UDP, Port: 502}) }}, ""},
		{"Modbus", []step{open(80), open(502)}, "a programmable controller, by open ports (TCP port 502)"},
		{"S7", []step{open(102)}, "a programmable controller"},
		{"IEC 104", []step{open(2404)}, "a part of a control system"},
		{"BACnet", []step{open(47808)}, "a building control"},
		{"DICOM", []step{open(104)}, "a medical device"},
		{"a camera is no such thing", []step{open(80, 554, 8000), says(s(554, "rtsp", "rtsp.server", "Hikvision"))}, ""},
		{"a controller's card", []step{mac("00:00:bc:01:02:03")}, "a programmable controller, by MAC vendor (Rockwell Automation)"},
		{"a printer's card", []step{mac("00:80:77:01:02:03")}, "a printer, by MAC vendor"},
		{"a power supply's card", []step{mac("00:c0:b7:01:02:03")}, "a power supply"},
		{"a PC's card", []step{mac("3c:22:fb:01:02:03")}, ""},
		{"no card", []step{mac("")}, ""},
		{"a printer by SNMP", []step{says(snmp("HP ETHERNET MULTI-ENVIRONMENT,ROM none,JETDIRECT"))}, "a printer, by SNMP"},
		{"a printer by its web server", []step{says(s(80, "http", "http.server", "HP HTTP Server; HP Officejet"))}, "a printer, by HTTP"},
		{"a page about printers", []step{says(s(80, "http", "http.title", "HP LaserJet 4 review and drivers", "http.server", "Apache"))}, ""},
		{"an old embedded stack", []step{says(s(21, "ftp", "ftp.banner", "220 VxWorks FTP server (VxWorks VxWorks5.4.2) ready."))}, "an embedded device, by FTP"},
		{"what a protocol says", []step{says(s(50000, "x", "device.hint", "ups"))}, "a power supply, by X"},
		{"nothing recognised", []step{says(harrier.Service{})}, ""},
	} {
		var w Watch
		for i, do := range c.do {
			got := do(&w)
			if i < len(c.do)-1 && got != "" || i == len(c.do)-1 && (got == "") != (c.want == "") || !strings.HasPrefix(got, c.want) && i == len(c.do)-1 {
				t.Errorf("%s: step %d answers %q; want %q at the end", c.name, i, got, c.want)
			}
		}
	}
}

// A false alarm is told.
func TestFalseAlarm(t *testing.T) {
	h := Identify(harrier.Host{Fragile: true, FragileWhy: "a part of a control system, by open ports (TCP port 20000)", Stack: linuxStack},
		append(ports(20000), ssh("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"), s(80, "http", "http.server", "Apache/2.4.57 (Debian)")))
	last := h.Signs[len(h.Signs)-1]
	if h.DeviceType != GeneralPurpose || !h.Fragile || last.Source != "fragile profile" || !strings.Contains(last.Text, "TCP port 20000") {
		t.Errorf("a server with a control system's port is %q, and was told %+v", h.DeviceType, last)
	}
}

// However much a host says, little of it is kept, and in one line.
func TestBounds(t *testing.T) {
	var services []harrier.Service
	for i := range 2000 {
		services = append(services, s(uint16(i+1), "http", "http.server", "Apache/2.4.57 (Debian) "+strings.Repeat("x", 100)+string(rune('a'+i%26))+"\n"+strings.Repeat("y", 5000)))
	}
	h := Identify(harrier.Host{}, services)
	if len(h.Signs) == 0 || len(h.Signs) > maxSigns || h.OS != "Debian GNU/Linux" || h.OSConfidence > 75 {
		t.Fatalf("%d signs, %q of %d", len(h.Signs), h.OS, h.OSConfidence)
	}
	for _, k := range h.Signs {
		if len(k.Text) > maxText || strings.Contains(k.Text, "\n") {
			t.Errorf("the text of a sign is %q", k.Text)
		}
	}
}

// Whatever a host says, what is concluded keeps its bounds.
func FuzzIdentify(f *testing.F) {
	for _, m := range marks {
		f.Add(m.example, m.example, "Windows 10.0 build 17763", "00:00:bc:01:02:03", uint16(4128), uint8(255), "M", uint16(536))
	}
	f.Add("Linux x 5.10.0 #1", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2", "Windows", "", uint16(65160), uint8(64), "MSTNW", uint16(1460))
	f.Fuzz(func(t *testing.T, a, b, c, mac string, window uint16, ttl uint8, options string, mss uint16) {
		h := Identify(harrier.Host{MAC: mac, Stack: &harrier.Stack{Window: window, TTL: ttl, Options: options, MSS: mss}}, []harrier.Service{
			s(22, "ssh", "ssh.version", b, "banner", a), s(161, "snmp", "snmp.sysdescr", a), s(445, "smb", "smb.os", c, "cert", b),
			s(80, "http", "http.server", b, "http.title", c, "os.hint", c, "device.hint", a, "product", a, "version", b),
		})
		if h.OSConfidence < 0 || h.OSConfidence > 100 || (h.OS == "") != (h.OSConfidence == 0) || len(h.Signs) > maxSigns+1 {
			t.Errorf("%q of %d by %d signs", h.OS, h.OSConfidence, len(h.Signs))
		}
		for _, k := range h.Signs {
			if len(k.Text) > maxText || k.Weight > 100 || k.Weight < -100 {
				t.Errorf("a sign is %+v", k)
			}
		}
		if _, known := classes[h.DeviceType]; h.DeviceType != "" && !known {
			t.Errorf("the device is a %q", h.DeviceType)
		}
	})
}

func BenchmarkIdentify(b *testing.B) {
	services := []harrier.Service{ssh("SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u2"), s(80, "http", "http.server", "Apache/2.4.57 (Debian)", "http.headers", strings.Repeat("X-Some: header\n", 60)), s(445, "smb", "smb.os", "Windows 10.0 build 20348")}
	for b.Loop() {
		Identify(harrier.Host{MAC: "00:00:bc:01:02:03", Stack: linuxStack}, services)
	}
}

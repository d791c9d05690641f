package alert

import (
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

func TestSyslog(t *testing.T) {
	l := newLab(t, nil)
	udp, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	must(t, err)
	defer udp.Close()
	tcp, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	must(t, err)
	defer tcp.Close()
	must(t, l.CreateAlert(t.Context(), actorOf(2), &harrier.Alert{Name: "a\u2028b", Events: []harrier.EventKind{harrier.ScanLaunched}, Actions: []harrier.AlertAction{
		{Kind: harrier.SendSyslog, Address: udp.LocalAddr().String(), Severity: 2}, {Kind: harrier.SendSyslog, Address: tcp.Addr().String(), Network: "tcp", Message: "look"},
	}}))
	l.scan(t, harrier.ScanRunning, "")
	must(t, l.look(t.Context()))
	l.deliver(t)
	list := l.outbox(t)
	b := make([]byte, 4096)
	must(t, udp.SetReadDeadline(time.Now().Add(10*time.Second)))
	n, _, err := udp.ReadFrom(b)
	must(t, err)
	if got, want := string(b[:n]), `<130>1 2026-05-04T12:00:00.000000Z console.example.com harrier `+list[0].UUID.String()+` scan.launched - Alert a b: scan "lab <1>" was launched`; got != want {
		t.Errorf("line\n%s\nwant\n%s", got, want)
	}
	c, err := tcp.Accept()
	must(t, err)
	defer c.Close()
	all, err := io.ReadAll(c)
	must(t, err)
	count, line, _ := strings.Cut(string(all), " ")
	if !strings.HasPrefix(line, "<128>1 ") || !strings.Contains(line, "- look (Alert") || count != itoa(len(line)) {
		t.Errorf("line = %q of %s; want one with its length", line, count)
	}
}

func itoa(n int) string {
	b, _ := json.Marshal(n)
	return string(b)
}

// TestTrapEncoding compares the parts of a trap with what the RFCs say.
func TestTrapEncoding(t *testing.T) {
	got := hex.EncodeToString(encodeTrap("pub", 7, trap{Kind: "k", Alert: "a", Text: "t"}))
	const oid = "2b06010401bf08ce0fce0fba1701" // 1.3.6.1.4.1.8072.9999.9999.7447.1
	for _, part := range []string{
		"020101" + "0403707562" + "a7", "020400000007" + "020100" + "020100",
		"06082b06010201010300" + "430100", "060a2b060106030101040100" + "060e" + oid,
		"060f" + oid + "01" + "04016b", "060f" + oid + "02" + "040161", "060f" + oid + "03" + "040174",
	} {
		if !strings.Contains(got, part) {
			t.Errorf("trap = %s; want %s in it", got, part)
		}
	}
	if b := tlv(4, make([]byte, 300)); len(b) != 304 || b[1] != 0x82 || b[2] != 1 || b[3] != 44 {
		t.Errorf("300 bytes begin with %x", b[:4])
	}
}

func TestTrap(t *testing.T) {
	l := newLab(t, nil)
	udp, err := new(net.ListenConfig).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	must(t, err)
	defer udp.Close()
	must(t, l.CreateAlert(t.Context(), actorOf(2), &harrier.Alert{Name: "a", Events: []harrier.EventKind{harrier.ScanLaunched}, Actions: []harrier.AlertAction{{Kind: harrier.SendTrap, Address: udp.LocalAddr().String(), Secret: "community7"}}}))
	l.scan(t, harrier.ScanRunning, "")
	must(t, l.look(t.Context()))
	if body := l.bodies(t)[harrier.ByTrap][0]; strings.Contains(body, "community7") {
		t.Errorf("the outbox holds the community: %s", body)
	}
	l.deliver(t)
	b := make([]byte, 4096)
	must(t, udp.SetReadDeadline(time.Now().Add(10*time.Second)))
	n, _, err := udp.ReadFrom(b)
	must(t, err)
	if text := string(b[:n]); !strings.Contains(text, "community7") || !strings.Contains(text, "was launched") {
		t.Errorf("trap = %q", text)
	}
}

// TestWebhook: a payload arrives signed, redirects are not followed, and what
// fails is tried again.
func TestWebhook(t *testing.T) {
	type request struct {
		http.Header
		body, path string
	}
	var seen []request
	status := http.StatusFound
	receiver := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		seen = append(seen, request{r.Header, string(b), r.URL.Path})
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	defer receiver.Close()
	roots := x509.NewCertPool()
	roots.AddCert(receiver.Certificate())
	l := newLab(t, roots)
	put := func(by harrier.ID) {
		t.Helper()
		must(t, l.CreateAlert(t.Context(), actorOf(by), &harrier.Alert{Name: "a", Events: []harrier.EventKind{harrier.FindingsNew}, Actions: []harrier.AlertAction{{Kind: harrier.CallWebhook, Address: receiver.URL + "/hook", Secret: "s3cret"}}}))
	}
	put(1)
	put(2) // may not have loopback asked
	l.finish(t, l.scan(t, harrier.ScanRunning, ""), harrier.ScanCompleted)
	must(t, l.look(t.Context()))
	l.deliver(t)
	if len(seen) != 1 || seen[0].path != "/hook" {
		t.Fatalf("requests = %+v; want one: no redirect, none for who may not", seen)
	}
	list := l.outbox(t)
	if list[0].State != harrier.DeliveryWaits || list[1].State != harrier.DeliveryOver || !strings.Contains(list[1].Error, "127.0.0.1") {
		t.Fatalf("deliveries = %+v; want one to wait and one refused", list)
	}
	status, l.at = http.StatusNoContent, l.at.Add(firstWait)
	l.deliver(t)
	q := seen[len(seen)-1]
	if got, want := q.Get("X-Harrier-Signature"), sign("s3cret", q.Get("X-Harrier-Timestamp"), []byte(q.body)); got != want || len(seen) != 2 {
		t.Errorf("signature = %q after %d requests; want %q after two", got, len(seen), want)
	}
	var p payload
	must(t, json.Unmarshal([]byte(q.body), &p))
	if p.Event != "findings.new" || p.Scan == nil || p.Scan.Findings["critical"] != 1 || p.Scan.New != 1 || p.Scan.Closed != 1 || p.Count != 1 {
		t.Errorf("payload = %s", q.body)
	}
	if q.Get("X-Harrier-Delivery") != list[0].UUID.String() || l.outbox(t)[0].State != harrier.Delivered {
		t.Errorf("delivery = %+v, header %q", l.outbox(t)[0], q.Get("X-Harrier-Delivery"))
	}
}

// TestForbiddenReceivers: link-local, multicast and no addresses are refused
// for good, before a packet leaves.
func TestForbiddenReceivers(t *testing.T) {
	control := dialer(false).Control
	for addr, ok := range map[string]bool{
		"169.254.169.254:80": false, "[fe80::1]:80": false, "[::ffff:169.254.169.254]:443": false, "0.0.0.0:1": false, "[::]:1": false, "224.0.0.1:1": false,
		"255.255.255.255:1": false, "127.0.0.1:1": false, "[::1]:1": false, "10.0.0.1:443": true, "[2001:db8::1]:443": true,
	} {
		if err := control("tcp", addr, nil); (err == nil) != ok {
			t.Errorf("a message to %s: %v; want allowed %v", addr, err, ok)
		}
	}
	if err := dialer(true).Control("tcp", "127.0.0.1:1", nil); err != nil {
		t.Errorf("loopback where it is allowed = %v", err)
	}
}

func FuzzParseAddresses(f *testing.F) {
	for _, s := range []string{"a@example.com", "a@b.c, <d@e.f>;g@h.i\r\nBcc: x@y.z", "\"a b\"@c.d", "ü@ü.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list, err := harrier.ParseAddresses("to", s)
		for _, a := range list {
			if strings.ContainsAny(a, " \t\r\n<>,;\x00") || err != nil {
				t.Errorf("ParseAddresses(%q) = %q, %v", s, list, err)
			}
			if again, err := harrier.ParseAddresses("to", a); err != nil || len(again) != 1 || again[0] != a {
				t.Errorf("ParseAddresses(%q) = %q, %v; want it itself", a, again, err)
			}
		}
		if strings.ContainsAny(oneLine(s, 20), "\r\n\x00") {
			t.Errorf("oneLine(%q) = %q", s, oneLine(s, 20))
		}
	})
}

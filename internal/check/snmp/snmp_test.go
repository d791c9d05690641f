package snmp

import (
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/check/checktest"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func response() []byte {
	binding := check.BER(0x30, check.BER(6, sysDescr), check.BER(4, []byte("Linux a 6.1")))
	pdu := check.BER(0xa2, check.BERNumber(2, 77), check.BERNumber(2, 0), check.BERNumber(2, 0), check.BER(0x30, binding))
	return check.BER(0x30, check.BERNumber(2, 1), check.BER(4, []byte("public")), pdu)
}

func TestPublic(t *testing.T) {
	checktest.Play(t, Public, harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: 161}, Name: "snmp"},
		checktest.Case{Name: "vulnerable", Dial: wiretest.Answer(string(response())), Want: harrier.Present},
		checktest.Case{Name: "cut short", Dial: wiretest.Answer(string(response()[:20])), Want: harrier.Unknown},
		checktest.Case{Name: "foreign", Dial: wiretest.Answer("HTTP/1.1 400 Bad Request\r\n\r\n"), Want: harrier.Unknown},
	)
}

func TestSnmpd(t *testing.T) {
	for community, want := range map[string]harrier.Verdict{"public": harrier.Present, "geheim": harrier.Unknown} {
		port := checktest.Port(t) // TCP beside UDP, to see when it is there
		conf := checktest.Write(t, "conf", "rocommunity "+community+" 127.0.0.1\n")
		checktest.Daemon(t, port, "snmpd", "-f", "-Lo", "-C", "-c", conf, fmt.Sprintf("udp:127.0.0.1:%d,tcp:127.0.0.1:%d", port, port))
		target := checktest.At("snmp", port, false)
		target.Service.Protocol, target.Timeout = harrier.UDP, time.Second
		checktest.Expect(t, Public, target, want)
	}
}

func FuzzDescription(f *testing.F) {
	f.Add(response())
	f.Fuzz(func(t *testing.T, b []byte) {
		if text, err := description(b); err == nil && len(text) > len(b) {
			t.Errorf("description is longer than the message")
		}
	})
}

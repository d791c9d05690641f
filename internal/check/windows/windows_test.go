package windows

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/check/checktest"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestFacts(t *testing.T) {
	for _, c := range []struct {
		check check.Check
		facts map[string]string
		want  harrier.Verdict
	}{
		{SMBSigning, map[string]string{"smb.signing": "enabled"}, harrier.Present},
		{SMBSigning, map[string]string{"smb.signing": "required"}, harrier.Absent},
		{SMBSigning, map[string]string{"smb.signing": "perhaps"}, harrier.Unknown},
		{SMBSigning, nil, harrier.Unknown},
		{SMBv1, map[string]string{"smb.v1": "yes"}, harrier.Present},
		{SMBv1, map[string]string{"smb.v1": "no"}, harrier.Absent},
		{SMBv1, map[string]string{"smb.v1": "unclear"}, harrier.Unknown},
		{SMBv1, nil, harrier.Unknown},
	} {
		s := harrier.Service{Name: "smb", Facts: c.facts}
		if !c.check.Applies(s) {
			t.Errorf("%s does not apply to smb", c.check.Vulnerability.Slug)
		}
		checktest.Expect(t, c.check, check.Target{Service: s}, c.want)
	}
}

func TestRDPWithoutNLA(t *testing.T) {
	answer := func(kind, value byte) wiretest.Dialer {
		return wiretest.Answer(string([]byte{3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, kind, 0, 8, 0, value, 0, 0, 0}))
	}
	checktest.Play(t, RDPWithoutNLA, harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 3389}, Name: "rdp"},
		checktest.Case{Name: "vulnerable", Dial: answer(2, 1), Want: harrier.Present},
		checktest.Case{Name: "own security", Dial: answer(3, 2), Want: harrier.Present},
		checktest.Case{Name: "old", Dial: wiretest.Answer("\x03\x00\x00\x0b\x06\xd0\x00\x00\x12\x34\x00"), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: answer(3, 5), Want: harrier.Absent},
		checktest.Case{Name: "odd", Dial: answer(3, 9), Want: harrier.Unknown},
		checktest.Case{Name: "foreign", Dial: wiretest.Answer("HTTP/1.1 400 Bad Request\r\n\r\n"), Want: harrier.Unknown},
	)
}

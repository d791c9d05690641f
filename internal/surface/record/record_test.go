package record

import (
	"strings"
	"testing"
)

func TestParseSPF(t *testing.T) {
	for text, want := range map[string]struct {
		lookups, terms, faults int
		all, redirect          string
	}{
		"v=spf1 -all": {0, 1, 0, "-", ""},
		"v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 include:_spf.x.test ~all": {1, 4, 0, "~", ""},
		"v=spf1 a mx a:b.test/24 mx:c.test//64 ptr exists:%{i}.x.test ?all":  {6, 7, 0, "?", ""},
		"V=SPF1 redirect=_spf.x.test":                                        {1, 0, 0, "", "_spf.x.test"},
		"v=spf1 all":                                                         {0, 1, 0, "+", ""},
		"v=spf1 ip4:300.1.1.1 include: bogus:x -all":                         {0, 1, 3, "-", ""},
		"v=spf1 -all include:late.test":                                      {0, 1, 1, "-", ""},
		"v=spf1 ip4:2001:db8::1 exp=x.test foo=bar -all":                     {0, 1, 1, "-", ""},
		"spf1 -all": {0, 0, 1, "", ""},
		"":          {0, 0, 1, "", ""},
	} {
		s := ParseSPF(text)
		if s.Lookups() != want.lookups || len(s.Terms) != want.terms || len(s.Faults) != want.faults || s.All != want.all || s.Redirect != want.redirect {
			t.Errorf("ParseSPF(%q) = %+v, %d lookups; want %+v", text, s, s.Lookups(), want)
		}
	}
}

func TestParseDMARC(t *testing.T) {
	d := ParseDMARC("v=DMARC1; p=Quarantine; sp=none; pct=50; rua=mailto:a@x.test!10m, mailto:b@y.test; ruf=http://z.test")
	if d.Policy != "quarantine" || d.Subdomain != "none" || d.Percent != 50 || strings.Join(d.Reports, " ") != "a@x.test b@y.test" || len(d.Faults) != 1 {
		t.Errorf("ParseDMARC = %+v", d)
	}
	for text, faults := range map[string]int{
		"v=DMARC1; p=reject": 0, "v=DMARC1": 1, "v=DMARC1; p=maybe": 2, "p=none": 1, "v=DMARC1; p=none; pct=120": 1,
	} {
		if d := ParseDMARC(text); len(d.Faults) != faults {
			t.Errorf("ParseDMARC(%q) has faults %q; want %d", text, d.Faults, faults)
		}
	}
	if Host("a@x.test") != "x.test" || Host("none") != "" {
		t.Error("Host of an address is wrong")
	}
}

func TestParseDKIM(t *testing.T) {
	const rsa1024 = "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
	for text, want := range map[string]DKIM{
		"v=DKIM1; k=rsa; p=" + rsa1024:                           {Type: "rsa", Bits: 1024},
		"v=DKIM1; t=y:s; p=" + rsa1024[:80] + " " + rsa1024[80:]: {Type: "rsa", Bits: 1024, Testing: true},
		"p=": {Type: "rsa", Revoked: true},
		"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=": {Type: "ed25519", Bits: 256},
	} {
		if got := ParseDKIM(text); got.Type != want.Type || got.Bits != want.Bits || got.Testing != want.Testing || got.Revoked != want.Revoked || len(got.Faults) > 0 {
			t.Errorf("ParseDKIM(%q) = %+v; want %+v", text, got, want)
		}
	}
	if got := ParseDKIM("v=DKIM1; p=nonsense"); len(got.Faults) != 1 {
		t.Errorf("ParseDKIM of nonsense = %+v", got)
	}
	if !IsDKIM("k=rsa; p=abc") || IsDKIM("v=spf1 p=1") || IsDKIM("hello") {
		t.Error("IsDKIM is wrong")
	}
}

func TestParseSTS(t *testing.T) {
	s := ParseSTS("version: STSv1\r\nmode: enforce\r\nmx: mail.x.test\r\nmx: *.y.test\r\nmax_age: 86400\r\n")
	if s.Mode != "enforce" || s.MaxAge != 86400 || len(s.Faults) != 0 || !s.Covers("mail.x.test") || !s.Covers("a.y.test") || s.Covers("a.b.y.test") || s.Covers("y.test") {
		t.Errorf("ParseSTS = %+v", s)
	}
	if s := ParseSTS("mode: loud"); len(s.Faults) != 3 {
		t.Errorf("ParseSTS of nonsense = %+v", s)
	}
	if !IsSTS("v=STSv1; id=1") || !IsTLSRPT("v=TLSRPTv1; rua=mailto:x@y.test") || !IsBIMI("v=BIMI1; l=https://x") || IsSTS("v=spf1") {
		t.Error("the kinds of records are mixed up")
	}
	if b := ParseBIMI("v=BIMI1; l=http://x.test/l.svg"); len(b.Faults) != 1 {
		t.Errorf("ParseBIMI = %+v", b)
	}
}

// FuzzParse gives any text to every parser.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"v=spf1 include:a.test ip4:1.2.3.4/8 -all", "v=DMARC1; p=none; rua=mailto:a@b.test", "v=DKIM1; p=AAAA", "version: STSv1\nmode: none\n", "v=BIMI1; l=x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p := ParseSPF(s); len(p.Terms) > maxTerms || p.Lookups() > maxTerms+1 || len(p.Faults) > maxTerms+2 {
			t.Errorf("ParseSPF is not bounded: %d terms", len(p.Terms))
		}
		if d := ParseDMARC(s); d.Percent < 0 || d.Percent > 100 {
			t.Errorf("pct = %d", d.Percent)
		}
		ParseDKIM(s)
		ParseSTS(s)
		ParseBIMI(s)
		IsDKIM(s)
	})
}

package record

import (
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"strconv"
	"strings"
)

// DKIM is a key that mail is signed with.
//
// Source: RFC 6376 section 3.6.1, RFC 8463.
type DKIM struct {
	Revoked bool   // it has an empty key
	Testing bool   // t=y
	Type    string // "rsa", "ed25519"
	Bits    int    // of the key; 0 when it can not be read
	Faults  []string
}

// IsDKIM reports whether a TXT record under a selector is a key.
func IsDKIM(text string) bool {
	if begins(text, "DKIM1") {
		return true
	}
	_, p := Tags(text)["p"]
	return p && !strings.Contains(strings.ToLower(text[:min(len(text), 8)]), "v=")
}

// ParseDKIM reads a key.
func ParseDKIM(text string) (k DKIM) {
	tags := Tags(text)
	if k.Type = strings.ToLower(tags["k"]); k.Type == "" {
		k.Type = "rsa"
	}
	for flag := range strings.SplitSeq(tags["t"], ":") {
		k.Testing = k.Testing || strings.TrimSpace(flag) == "y"
	}
	p := strings.Join(strings.Fields(tags["p"]), "")
	if p == "" {
		k.Revoked = true
		return k
	}
	der, err := base64.StdEncoding.DecodeString(p)
	if err != nil {
		k.Faults = append(k.Faults, "the key is not base64")
		return k
	}
	if k.Type == "ed25519" {
		if k.Bits = 256; len(der) != ed25519.PublicKeySize {
			k.Bits, k.Faults = 0, append(k.Faults, "the key has not 32 bytes")
		}
		return k
	}
	if key, err := x509.ParsePKIXPublicKey(der); err == nil {
		if r, ok := key.(*rsa.PublicKey); ok {
			k.Bits = r.N.BitLen()
			return k
		}
	} else if r, err := x509.ParsePKCS1PublicKey(der); err == nil {
		k.Bits = r.N.BitLen()
		return k
	}
	k.Faults = append(k.Faults, "the key can not be read")
	return k
}

// STS is a policy about the transport of mail, as the well-known page has it.
//
// Source: RFC 8461 section 3.2.
type STS struct {
	Mode   string // "enforce", "testing", "none"
	MX     []string
	MaxAge int // seconds
	Faults []string
}

// IsSTS reports whether a TXT record announces a policy, IsTLSRPT whether it
// asks for reports, IsBIMI whether it shows a picture.
func IsSTS(text string) bool { return begins(text, "STSv1") }

// IsTLSRPT is like IsSTS.
//
// Source: RFC 8460 section 3.
func IsTLSRPT(text string) bool { return begins(text, "TLSRPTv1") }

// IsBIMI is like IsSTS.
func IsBIMI(text string) bool { return begins(text, "BIMI1") }

// ParseSTS reads the page mta-sts.txt.
func ParseSTS(text string) (s STS) {
	fault := func(f string) { s.Faults = append(s.Faults, f) }
	version := ""
	n := 0
	for line := range strings.Lines(text[:min(len(text), 64<<10)]) {
		if n++; n > maxTerms {
			break
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.TrimSpace(name) {
		case "version":
			version = value
		case "mode":
			s.Mode = value
		case "mx":
			s.MX = append(s.MX, strings.ToLower(clip(value)))
		case "max_age":
			age, err := strconv.Atoi(value)
			if err != nil || age < 0 || age > 31557600 {
				fault("max_age " + clip(value) + " is no time")
				age = 0
			}
			s.MaxAge = age
		}
	}
	if version != "STSv1" {
		fault("the version is not STSv1")
	}
	if s.Mode != "enforce" && s.Mode != "testing" && s.Mode != "none" {
		fault("mode " + clip(s.Mode) + " is no mode")
	}
	if len(s.MX) == 0 && s.Mode != "none" {
		fault("it names no mail exchanger")
	}
	return s
}

// Covers reports whether the policy allows a mail exchanger.
func (s STS) Covers(host string) bool {
	for _, p := range s.MX {
		if rest, ok := strings.CutPrefix(p, "*."); ok {
			if _, tail, cut := strings.Cut(host, "."); cut && tail == rest {
				return true
			}
		}
		if p == host {
			return true
		}
	}
	return false
}

// BIMI is where the picture of a sender is.
type BIMI struct {
	Location string // of the picture; "" declines
	Evidence string
	Faults   []string
}

// ParseBIMI reads a record.
func ParseBIMI(text string) (b BIMI) {
	tags := Tags(text)
	b.Location, b.Evidence = tags["l"], tags["a"]
	for _, u := range []string{b.Location, b.Evidence} {
		if u != "" && !strings.HasPrefix(strings.ToLower(u), "https://") {
			b.Faults = append(b.Faults, clip(u)+" is not https")
		}
	}
	return b
}

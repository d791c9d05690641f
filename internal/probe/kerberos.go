package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
)

var kerberosProtocol = Protocol{
	Name: "kerberos", Transport: harrier.TCP, Ports: []uint16{88},
	Hello: func(t Target) []byte {
		m := kerberosRequest(kerberosRealm(t.Name))
		return append(binary.BigEndian.AppendUint32(nil, uint32(len(m))), m...)
	},
	Done:  sized(binary.BigEndian, 4),
	Reply: func(b []byte) bool { _, ok := parseKerberos(b[min(len(b), 4):]); return ok },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		e, _ := parseKerberos(first[4:])
		x.learnKerberos(e)
	},
}

// kerberosRealm guesses the realm of a host by its name.
func kerberosRealm(name string) string {
	if _, domain, found := strings.Cut(strings.Trim(name, "."), "."); found && len(domain) < 200 {
		return strings.ToUpper(domain)
	}
	return "HARRIER.INVALID"
}

// kerberosRequest asks for a ticket for a name that nobody has, so that the
// answer is an error, which tells the time and often the realm.
//
// Source: RFC 4120, sections 5.4.1 and 7.2.2.
func kerberosRequest(realm string) []byte {
	explicit := func(n byte, inner []byte) []byte { return berOf(0xa0|n, inner) }
	text := func(s string) []byte { return berOf(0x1b, []byte(s)) }
	number := func(n byte) []byte { return []byte{2, 1, n} }
	name := func(kind byte, parts ...string) []byte {
		var list []byte
		for _, p := range parts {
			list = append(list, text(p)...)
		}
		return berOf(0x30, explicit(0, number(kind)), explicit(1, berOf(0x30, list)))
	}
	body := berOf(0x30,
		explicit(0, []byte{3, 5, 0, 0, 0, 0, 0}), // no options
		explicit(1, name(1, "harrier")),
		explicit(2, text(realm)),
		explicit(3, name(2, "krbtgt", realm)),
		explicit(5, berOf(0x18, []byte("20370913024805Z"))),
		explicit(7, []byte{2, 2, 0x68, 0x72}), // nonce
		explicit(8, berOf(0x30, number(18), number(17), number(23))))
	return berOf(0x6a, berOf(0x30, explicit(1, number(5)), explicit(2, number(10)), explicit(4, body)))
}

// kerberosError is a KRB-ERROR.
type kerberosError struct {
	code  int
	realm string
	time  time.Time
	text  string
}

// parseKerberos reads an error; false for whatever else.
//
// Source: RFC 4120, section 5.9.1.
func parseKerberos(b []byte) (kerberosError, bool) {
	outer, _, ok := readBER(b)
	if !ok || outer.tag != 0x7e {
		return kerberosError{}, false
	}
	var e kerberosError
	version, kind := 0, 0
	for _, list := range outer.children() {
		for _, field := range list.children() {
			value, _, ok := readBER(field.body)
			if !ok {
				continue
			}
			switch field.tag {
			case 0xa0:
				version = value.int()
			case 0xa1:
				kind = value.int()
			case 0xa4:
				e.time, _ = time.Parse("20060102150405Z", string(value.body[:min(len(value.body), 15)]))
			case 0xa6:
				e.code = value.int()
			case 0xa9:
				e.realm = clip(clean(string(value.body)), 255)
			case 0xab:
				e.text = string(bytes.TrimRight(value.body, "\x00"))
			}
		}
	}
	return e, version == 5 && kind == 30
}

var (
	mitText     = pattern(`^(?:[A-Z][A-Z_]{4,40}|[A-Z][A-Z_]{4,40}: .*)$`)
	heimdalText = pattern(`^(?:Client \(.*\) unknown|No such entry in the database|Client unknown|Server not found in database: .*)$`)
)

func (x *talk) learnKerberos(e kerberosError) {
	x.fact("kerberos.error", itoa(e.code))
	if asked := kerberosRealm(x.Name); e.realm != "HARRIER.INVALID" && (e.realm != asked || e.code != 68) { // 68: not my realm
		x.fact("kerberos.realm", e.realm)
	}
	if !e.time.IsZero() {
		x.fact("kerberos.time", e.time.Format(time.RFC3339))
	}
	x.fact("kerberos.text", e.text)
	switch { // Active Directory explains itself in no words
	case mitText.MatchString(e.text):
		x.is("MIT Kerberos KDC", "mit:kerberos_5", "", "e-text "+e.text)
	case heimdalText.MatchString(e.text):
		x.is("Heimdal KDC", "heimdal_project:heimdal", "", "e-text "+e.text)
	}
}

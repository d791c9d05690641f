// Package snmp has the checks of SNMP agents.
package snmp

import (
	"bytes"
	"context"
	"fmt"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// Checks lists the checks of this package.
var Checks = []check.Check{Public}

// Public reports an agent that answers to the community name public. Asking
// for it is how SNMP is recognised in the first place, so it is no guess.
var Public = check.Define(harrier.Vulnerability{
	ID: 41028, Slug: "snmp-public", Name: "SNMP Agent Default Community Name (public)", Family: "SNMP",
	Synopsis:    "The SNMP agent answers to a well-known community name.",
	Description: "The agent answers requests with the community name public. Everybody who reaches it reads the configuration of the host, its processes and connections, and may change some of it.",
	Solution:    "Turn SNMP versions 1 and 2c off, or choose another community name and limit who may ask.",
	CVEs:        []string{"CVE-1999-0517"}, CWEs: []int{1188, 521},
	References: []string{"https://www.rfc-editor.org/rfc/rfc3584#section-7"},
}, check.Rating{V2: "AV:N/AC:L/Au:N/C:P/I:P/A:P", S2: 7.5, V3: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:L/A:L", S3: 7.3}, check.Check{
	Applies: func(s harrier.Service) bool { return s.Name == "snmp" && s.Protocol == harrier.UDP },
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		reply, err := t.Ask(ctx, getDescription())
		if err != nil { // an agent that does not know the name keeps silent
			return harrier.Unknown, "", err
		}
		text, err := description(reply)
		if err != nil {
			return harrier.Unknown, "", err
		}
		return harrier.Present, "The agent answered to the community name public :\n\n  sysDescr : " + check.FirstLine(text), nil
	},
})

var sysDescr = []byte{0x2b, 6, 1, 2, 1, 1, 1, 0}

// getDescription is a version 2c request for sysDescr.0.
//
// Source: RFC 3416, section 3.
func getDescription() []byte {
	binding := check.BER(0x30, check.BER(6, sysDescr), check.BER(5))
	pdu := check.BER(0xa0, check.BERNumber(2, 77), check.BERNumber(2, 0), check.BERNumber(2, 0), check.BER(0x30, binding))
	return check.BER(0x30, check.BERNumber(2, 1), check.BER(4, []byte("public")), pdu)
}

// description reads the answer to getDescription.
func description(b []byte) ([]byte, error) {
	stranger := fmt.Errorf("unexpected reply %q", check.FirstLine(b))
	_, message, _, ok := check.ReadBER(b)
	if !ok {
		return nil, stranger
	}
	var fields [3][]byte // version, community, response
	for i := range fields {
		if _, fields[i], message, ok = check.ReadBER(message); !ok {
			return nil, stranger
		}
	}
	pdu := fields[2]
	var head [3][]byte // id, error, index
	for i := range head {
		if _, head[i], pdu, ok = check.ReadBER(pdu); !ok {
			return nil, stranger
		}
	}
	_, list, _, ok1 := check.ReadBER(pdu)
	_, binding, _, ok2 := check.ReadBER(list)
	_, name, rest, ok3 := check.ReadBER(binding)
	tag, value, _, ok4 := check.ReadBER(rest)
	if !ok1 || !ok2 || !ok3 || !ok4 || !bytes.Equal(head[0], []byte{77}) || !bytes.Equal(name, sysDescr) || tag != 4 {
		return nil, stranger
	}
	return value, nil
}

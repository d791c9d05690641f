package probe

import (
	"bytes"
	"crypto/md5" //nolint:gosec // vendor ids are hashes of this kind
	"encoding/hex"
	"strings"
	"sync"
)

// ikeVendor is what sends a vendor id. Most ids are the hash of a text, or begin
// with it; others are the text itself.
type ikeVendor struct {
	name    string // in the fact ike.vendors
	text    string // whose hash the id is; "" when begin is given
	begin   string // or what the id begins with, in hexadecimal
	plain   string // or the text that the id begins with
	hash    int    // how many bytes of the hash count; 0 means all
	product string // that alone sends it; "" for extensions that many know
	cpe     string
	os      string
	device  string
	pattern *regex // of a plain id, with the version
}

// ikeVendors are the ids that are met often.
//
// Source: RFC 3706, section 5.1 (DPD), RFC 3947, section 3.1, RFC 5685; the
// drafts and products name themselves in the hashed text. The ids that begin with
// fixed bytes are those that the makers' documents and open implementations give.
var ikeVendors = []ikeVendor{
	{name: "strongSwan", text: "strongSwan", product: "strongSwan", cpe: "strongswan:strongswan"},
	{name: "Libreswan", plain: "OE-Libreswan-", product: "Libreswan", cpe: "libreswan:libreswan", pattern: pattern(`^OE-Libreswan-(\d+(?:\.\d+)+)`)},
	{name: "racoon", text: "KAME/racoon", product: "racoon"},
	{name: "Windows", text: "MS NT5 ISAKMPOAKLEY", product: "Microsoft Windows IKE", os: "Windows"},
	{name: "Windows negotiation discovery", text: "MS-Negotiation Discovery Capable", product: "Microsoft Windows IKE", os: "Windows"},
	{name: "Cisco Unity", text: "CISCO-UNITY", hash: 14},
	{name: "Cisco delete reason", plain: "CISCO-DELETE-REASON", product: "Cisco IKE"},
	{name: "Cisco VPN", plain: "CISCOVPN-REV-", product: "Cisco IKE"},
	{name: "Cisco copyright", plain: "CISCO(COPYRIGHT)", product: "Cisco IKE"},
	{name: "FortiGate", text: "FORTIGATE", hash: 12, product: "Fortinet FortiGate", device: "firewall"},
	{name: "Check Point", begin: "f4ed19e0c114eb516faaac0ee37daf2807b4381f", product: "Check Point VPN", device: "firewall"},
	{name: "SonicWall", begin: "404bf439522ca3f6", product: "SonicWall IKE", device: "firewall"},
	{name: "XAUTH", text: "draft-ietf-ipsra-isakmp-xauth-06.txt", hash: 8},
	{name: "DPD", begin: "afcad71368a1f1c96b8696fc7757"},
	{name: "NAT-T RFC 3947", text: "RFC 3947"},
	{name: "NAT-T draft 00", text: "draft-ietf-ipsec-nat-t-ike-00"},
	{name: "NAT-T draft 02", text: "draft-ietf-ipsec-nat-t-ike-02"},
	{name: "NAT-T draft 02", text: "draft-ietf-ipsec-nat-t-ike-02\n"},
	{name: "NAT-T draft 03", text: "draft-ietf-ipsec-nat-t-ike-03"},
	{name: "fragmentation", text: "FRAGMENTATION"},
	{name: "initial contact", text: "Vid-Initial-Contact"},
	{name: "CGA", text: "IKE CGA version 1"},
}

// ikePrefixes are the bytes that the ids of ikeVendors begin with.
var ikePrefixes = sync.OnceValue(func() [][]byte {
	out := make([][]byte, len(ikeVendors))
	for i, v := range ikeVendors {
		switch {
		case v.text != "":
			sum := md5.Sum([]byte(v.text)) //nolint:gosec // as above
			out[i] = sum[:]
			if v.hash > 0 {
				out[i] = sum[:v.hash]
			}
		case v.plain != "":
			out[i] = []byte(v.plain)
		default:
			out[i], _ = hex.DecodeString(v.begin) // constant, and tested
		}
	}
	return out
})

func ikeVendorOf(id []byte) (ikeVendor, bool) {
	for i, prefix := range ikePrefixes() {
		if len(prefix) >= 8 && bytes.HasPrefix(id, prefix) {
			return ikeVendors[i], true
		}
	}
	return ikeVendor{}, false
}

// version is what a plain id says of it.
func (v ikeVendor) version(id []byte) string {
	if v.pattern == nil || len(id) > 256 {
		return ""
	}
	if m := v.pattern.FindStringSubmatch(strings.ToValidUTF8(string(id), ".")); m != nil {
		return m[1]
	}
	return ""
}

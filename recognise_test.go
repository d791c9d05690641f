package harrier_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

// ids reads identifiers: "mac=00:16:3e:00:00:01 ssh-key=ed25519 AAAA"; a final
// "!" stands for a shared one, "@22" for one that was seen at that port.
func ids(text string) (out []harrier.Identifier) {
	for _, one := range strings.Fields(text) {
		kind, value, _ := strings.Cut(one, "=")
		i := harrier.Identifier{Kind: harrier.IdentifierKind(kind), Source: "host"}
		value, i.Shared = strings.CutSuffix(value, "!")
		value, port, at := strings.Cut(value, "@")
		if at {
			i.Source = port + "/tcp"
		}
		i.Value = strings.ReplaceAll(value, "_", " ")
		out = append(out, i)
	}
	return out
}

const (
	mac1, mac2   = "mac=00:16:3e:00:00:01", "mac=00:16:3e:00:00:02"
	local1       = "mac=0a:54:00:00:00:01"
	virtual1     = "mac=52:54:00:00:00:01"
	fqdn1, fqdn2 = "fqdn=a.example", "fqdn=b.example"
	key1, key2   = "ssh-key=ed25519_K1", "ssh-key=ed25519_K2"
)

func TestRecognise(t *testing.T) {
	type known struct {
		addr string
		ids  string
		met  bool
	}
	const here, there = "192.0.2.1", "192.0.2.9"
	for name, tt := range map[string]struct {
		host  string
		known []known
		want  int  // which of known, from 1
		sure  bool // decided without the rest of the scan
		by    harrier.Tracking
	}{
		"by IP: the same address":            {mac2, []known{{here, mac1, false}}, 1, true, harrier.TrackByIP},
		"by IP: nothing else counts":         {mac1 + " " + fqdn1, []known{{there, mac1 + " " + fqdn1, false}}, 0, true, harrier.TrackByIP},
		"moved, by MAC":                      {mac1, []known{{there, mac1, false}}, 1, true, harrier.TrackByDHCP},
		"moved, by MAC of a virtual machine": {virtual1, []known{{there, virtual1, false}}, 1, true, harrier.TrackByDHCP},
		"moved, by a MAC that is made up":    {local1, []known{{there, local1, false}}, 1, false, harrier.TrackByDHCP},
		"moved, by name":                     {fqdn1, []known{{there, mac1 + " " + fqdn1, false}}, 1, false, harrier.TrackByDHCP},
		"moved, by NetBIOS":                  {"netbios=ws2", []known{{there, "netbios=ws2", false}}, 1, false, harrier.TrackByDHCP},
		"moved, by host key":                 {key1, []known{{there, key1, false}}, 1, false, harrier.TrackByDHCP},
		"same name, other MAC":               {mac2 + " " + fqdn1, []known{{there, mac1 + " " + fqdn1, false}}, 0, true, harrier.TrackByDHCP},
		"address taken by another":           {mac2, []known{{here, mac1, false}}, 0, true, harrier.TrackByDHCP},
		"same address, nothing else said":    {"", []known{{here, mac1 + " " + fqdn1, false}}, 1, false, harrier.TrackByDHCP},
		"same address, nothing else known":   {"", []known{{here, "", false}}, 1, true, harrier.TrackByDHCP},
		"same address, its key is missing":   {"", []known{{here, key1 + "@22", false}}, 0, true, harrier.TrackByDHCP},
		"same address, something else there": {fqdn1, []known{{here, "cert-key=cccc@22", false}}, 0, true, harrier.TrackByDHCP},
		"same address and key":               {key1, []known{{here, key1, false}}, 1, true, harrier.TrackByDHCP},
		"MAC before name":                    {mac1 + " " + fqdn2, []known{{there, fqdn2, false}, {there, mac1, false}}, 2, true, harrier.TrackByDHCP},
		"name before NetBIOS":                {"netbios=x1 " + fqdn1, []known{{there, "netbios=x1", false}, {there, fqdn1, false}}, 2, false, harrier.TrackByDHCP},
		"NetBIOS before address":             {"netbios=x1", []known{{here, fqdn1, false}, {there, "netbios=x1", false}}, 2, false, harrier.TrackByDHCP},

		"installed anew":                        {mac1 + " " + key2 + " " + fqdn2, []known{{there, mac1 + " " + key1 + " " + fqdn1, false}}, 1, true, harrier.TrackByDHCP},
		"new network card":                      {mac2 + " " + key1 + " " + fqdn1, []known{{there, mac1 + " " + key1 + " " + fqdn1, false}}, 1, false, harrier.TrackByDHCP},
		"renamed in place":                      {key1 + " " + fqdn2, []known{{here, key1 + " " + fqdn1, false}}, 1, true, harrier.TrackByDHCP},
		"clone with its own card":               {mac2 + " " + key1, []known{{there, mac1 + " " + key1, false}}, 0, true, harrier.TrackByDHCP},
		"clone with its own card, all of disk":  {mac2 + " " + key1 + " smb-guid=gggg snmp-engine=eeee", []known{{there, mac1 + " " + key1 + " smb-guid=gggg snmp-engine=eeee", false}}, 0, true, harrier.TrackByDHCP},
		"clone with its own name":               {fqdn2 + " " + key1 + " smb-guid=gggg", []known{{there, fqdn1 + " " + key1 + " smb-guid=gggg", false}}, 0, true, harrier.TrackByDHCP},
		"clone while the original is there":     {key1, []known{{there, key1, true}}, 0, true, harrier.TrackByDHCP},
		"two clones, one moved":                 {key1 + "!", []known{{there, key1 + "!", false}, {"192.0.2.8", key1 + "!", false}}, 0, true, harrier.TrackByDHCP},
		"two clones, one in place":              {key1 + "!", []known{{there, key1 + "!", false}, {here, key1 + "!", false}}, 2, true, harrier.TrackByDHCP},
		"clones with one name, both moved":      {key1 + "! " + fqdn1 + "!", []known{{there, key1 + "! " + fqdn1 + "!", false}, {"192.0.2.8", key1 + "! " + fqdn1 + "!", false}}, 0, true, harrier.TrackByDHCP},
		"two that can not be told apart":        {key1, []known{{there, key1, false}, {"192.0.2.8", key1, false}}, 0, false, harrier.TrackByDHCP},
		"hardware says no":                      {mac1 + " serial=AB12CD", []known{{here, mac1 + " serial=AB12CE", false}}, 0, true, harrier.TrackByDHCP},
		"hardware says yes":                     {mac2 + " serial=AB12CD " + key2, []known{{there, mac1 + " serial=AB12CD " + key1, false}}, 1, true, harrier.TrackByDHCP},
		"dock of another laptop":                {mac1 + " " + key2 + " " + fqdn2, []known{{there, mac1 + " " + key1 + " " + fqdn1, false}, {there, mac2 + " " + key2 + " " + fqdn2, false}}, 2, false, harrier.TrackByDHCP},
		"second card, by card and key":          {mac1 + " " + key1, []known{{there, mac1 + " " + key1, true}}, 1, true, harrier.TrackByDHCP},
		"second address, by serial":             {"serial=AB12CD", []known{{there, "serial=AB12CD", true}}, 1, true, harrier.TrackByDHCP},
		"two addresses of one card alone":       {mac1, []known{{there, mac1, true}}, 0, true, harrier.TrackByDHCP},
		"proxy: shared card and key elsewhere":  {mac1 + "! " + key1 + "!", []known{{there, mac1 + "! " + key1 + "!", true}}, 0, true, harrier.TrackByDHCP},
		"proxy: its own address":                {mac1 + "! " + key1 + "!", []known{{here, mac1 + "! " + key1 + "!", false}}, 1, true, harrier.TrackByDHCP},
		"stale name in the DNS, key of another": {fqdn1 + " " + key2, []known{{here, fqdn1 + " " + key1, false}}, 0, true, harrier.TrackByDHCP},
	} {
		var list []harrier.Known
		for i, k := range tt.known {
			list = append(list, harrier.Known{
				Asset: harrier.Asset{ID: harrier.ID(i + 1), Addr: netip.MustParseAddr(k.addr)}, Identifiers: ids(k.ids), Met: k.met,
			})
		}
		sight := harrier.Sight{Addr: netip.MustParseAddr(here), Identifiers: ids(tt.host), Looked: harrier.AllPorts}
		got := tt.by.Recognise(sight, list)
		if got.Asset != harrier.ID(tt.want) || got.Sure != tt.sure {
			t.Errorf("%s: Recognise = asset %d, score %d, sure %v, %v; want %d, %v", name, got.Asset, got.Score, got.Sure, got.Reasons, tt.want, tt.sure)
		}
		if got.Asset != 0 && len(got.Reasons) == 0 {
			t.Errorf("%s: no reasons for asset %d", name, got.Asset)
		}
	}
}

// TestMergeEvidence tells when two assets that are known are one machine.
func TestMergeEvidence(t *testing.T) {
	for name, tt := range map[string]struct {
		host, first, second string
		met                 bool // the second, by this scan
		together            bool // one scan met both
		want                bool
	}{
		"card, and name with key":        {mac1 + " " + fqdn1 + " " + key1, mac1, fqdn1 + " " + key1, false, false, true},
		"by serial":                      {mac1 + " serial=AB12CD", mac1, "serial=AB12CD", false, false, true},
		"card, and a name alone":         {mac1 + " " + fqdn1, mac1, fqdn1, false, false, false},
		"card, and all of a disk":        {mac1 + " " + key1 + " smb-guid=gggg snmp-engine=eeee", mac1, key1 + " smb-guid=gggg snmp-engine=eeee", false, false, false},
		"all of a disk, with its name":   {mac1 + " hostname=web1 " + key1 + " smb-guid=gggg", mac1, "hostname=web1 " + key1 + " smb-guid=gggg", false, false, false},
		"the other is elsewhere":         {mac1 + " " + fqdn1 + " " + key1, mac1, fqdn1 + " " + key1, true, false, false},
		"both were met by one scan":      {mac1 + " " + fqdn1 + " " + key1, mac1, fqdn1 + " " + key1, false, true, false},
		"the other has another card":     {mac1 + " " + fqdn1 + " " + key1, mac1, fqdn1 + " " + key1 + " " + mac2, false, false, false},
		"the two differ in what is gone": {mac1 + " " + fqdn1 + " " + key1, mac1 + " netbios=aaaa", fqdn1 + " " + key1 + " netbios=bbbb", false, false, false},
	} {
		list := []harrier.Known{
			{Asset: harrier.Asset{ID: 1, Addr: netip.MustParseAddr("192.0.2.7"), LastScan: 5}, Identifiers: ids(tt.first)},
			{Asset: harrier.Asset{ID: 2, Addr: netip.MustParseAddr("192.0.2.8"), LastScan: 4}, Identifiers: ids(tt.second), Met: tt.met},
		}
		if tt.together {
			list[1].LastScan = 5
		}
		got := harrier.TrackByDHCP.Recognise(harrier.Sight{Addr: netip.MustParseAddr("192.0.2.1"), Identifiers: ids(tt.host)}, list)
		if got.Asset != 1 || (len(got.Also) == 1) != tt.want {
			t.Errorf("%s: Recognise = asset %d, also %+v; want asset 1, merged %v", name, got.Asset, got.Also, tt.want)
		}
	}
}

func TestIdentifiers(t *testing.T) {
	services := []harrier.Service{
		{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 22}, Facts: map[string]string{
			"ssh.hostkey": "ssh-ed25519 256 SHA256:2Zr8Ab,ssh-rsa 3072 SHA256:9QxY/+", "ssh.hostkeys": "ssh-ed25519,rsa-sha2-512", "host.name": "Web1",
		}},
		{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 445}, Facts: map[string]string{
			"smb.name": "WEB1", "smb.fqdn": "web1.Example.", "smb.guid": "6B29FC40-CA47-1067-B31D-00DD010662DA",
		}},
		{Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: 137}, Facts: map[string]string{"host.mac": "00-16-3E-00-00-01"}},
		{Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: 161}, Facts: map[string]string{"snmp.engine.id": "80001f8880e9630000d61ff449", "host.serial": "To be filled by O.E.M."}},
		{Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: 1900}, Facts: map[string]string{"upnp.uuid": "2FAC1234-31F8-11B4-A222-08002B34C003", "host.uuid": "00000000-0000-0000-0000-000000000000"}},
		{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 443}, Certificates: []harrier.Certificate{{Subject: "CN=web1.example", SHA256: strings.Repeat("ab", 32)}, {Subject: "CN=CA", SHA256: strings.Repeat("cd", 32)}}},
		{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 8443}, Certificates: []harrier.Certificate{{Subject: "CN=*.example", SHA256: strings.Repeat("ef", 32)}}},
	}
	h := harrier.Host{Addr: netip.MustParseAddr("192.0.2.17"), MAC: "00:16:3e:00:00:01", FQDN: "dhcp-192-0-2-17.example"}
	var got []string
	for _, i := range harrier.Identifiers(h, services) {
		got = append(got, string(i.Kind)+" "+i.Value+" "+i.Source)
	}
	want := []string{
		"cert-key " + strings.Repeat("ab", 32) + " 443/tcp", "fqdn web1.example 445/tcp", "hostname web1 22/tcp", "mac 00:16:3e:00:00:01 137/udp",
		"netbios web1 445/tcp", "smb-guid 6b29fc40-ca47-1067-b31d-00dd010662da 445/tcp", "snmp-engine 80001f8880e9630000d61ff449 161/udp",
		"ssh-key ssh-ed25519 SHA256:2Zr8Ab 22/tcp", "ssh-key ssh-rsa SHA256:9QxY/+ 22/tcp", "upnp-uuid 2fac1234-31f8-11b4-a222-08002b34c003 1900/udp",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("Identifiers =\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestTelling tells what identifies one machine from what many have.
func TestTelling(t *testing.T) {
	addr := netip.MustParseAddr("10.20.30.45")
	for _, tt := range []struct {
		key, value string
		want       bool
	}{
		{"host.mac", "00:16:3e:12:34:56", true},
		{"host.mac", "52:54:00:12:34:56", true},
		{"host.mac", "00:00:5e:00:01:0a", false}, // VRRP
		{"host.mac", "00:00:0c:07:ac:01", false}, // HSRP
		{"host.mac", "02:42:ac:11:00:02", false}, // Docker
		{"host.mac", "01:00:5e:00:00:fb", false},
		{"host.mac", "00:00:00:00:00:00", false},
		{"host.mac", "garbage", false},
		{"smb.fqdn", "mail.example", true},
		{"smb.fqdn", "web-03.example", true},
		{"smb.fqdn", "dhcp-10-20-30-45.example", false},
		{"smb.fqdn", "45.30.20.10.dyn.example", false},
		{"smb.fqdn", "host-30-45.example", false},
		{"smb.fqdn", "h0a141e2d.example", false},
		{"smb.fqdn", "dhcp17.example", false},
		{"smb.fqdn", "pool-77.example", false},
		{"smb.fqdn", "client12.example", false},
		{"smb.fqdn", "dynamo.example", true},
		{"smb.fqdn", "shipping2.example", true},
		{"smb.fqdn", "localhost.localdomain", false},
		{"smb.fqdn", "*.example", false},
		{"smb.fqdn", "45.30.20.10.in-addr.arpa", false},
		{"smb.name", "WORKSTATION", false},
		{"smb.name", "DESKTOP-4K2J9QX", true},
		{"smb.name", "NPI3A4B5C", true},
		{"host.name", "printer", false},
		{"host.name", "10.20.30.45", false},
		{"host.name", "ubuntu", false},
		{"host.serial", "Default string", false},
		{"host.serial", "00000000", false},
		{"host.serial", "CZC12345AB", true},
		{"host.uuid", "03000200-0400-0500-0006-000700080009", false},
		{"host.uuid", "ffffffff-ffff-ffff-ffff-ffffffffffff", false},
		{"host.uuid", "00000000-0000-0000-0000-ac1f6b000000", true},
		{"host.uuid", "00000000-0000-0000-0000-0000000000c8", false},
		{"host.uuid", "4c4c4544-0044-3510-8052-b4c04f4e4c32", true},
		{"host.serial", strings.Repeat("x1", 200), false},
	} {
		h := harrier.Host{Addr: addr}
		got := harrier.Identifiers(h, []harrier.Service{{Facts: map[string]string{tt.key: tt.value}}})
		if (len(got) == 1) != tt.want {
			t.Errorf("%s %q: Identifiers = %v; want it to tell: %v", tt.key, tt.value, got, tt.want)
		}
	}
	for subject, want := range map[string]bool{
		"CN=www.example": true, "CN=*.example": false, "CN=localhost": false, "CN=TRAEFIK DEFAULT CERT": false, "O=Internet Widgits Pty Ltd,ST=Some-State": false,
	} {
		got := harrier.Identifiers(harrier.Host{Addr: addr}, []harrier.Service{{Certificates: []harrier.Certificate{{Subject: subject, SHA256: "ab12cd34"}}}})
		if (len(got) == 1) != want {
			t.Errorf("certificate %q: Identifiers = %v; want it to tell: %v", subject, got, want)
		}
	}
}

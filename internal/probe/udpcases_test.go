package probe

import (
	"encoding/binary"
	"strings"

	"github.com/miekg/dns"

	"github.com/harrier-scan/harrier/internal/probe/question"
)

// rpcOK is the answer to a call that did nothing; rpcVersionsOnly the answer in a
// version that there is not.
var (
	rpcOK           = bytesOf("x 68720001 00000001 00000000 00000000 00000000 00000000")
	rpcVersionsOnly = bytesOf("x 68720001 00000001 00000000 00000000 00000000 00000002 00000003 00000004")
)

// asked is a question of the list as the beginning of what is asked.
func asked(protocol string, i int) string { return string(question.Of(protocol).Data[i]) }

// packed is a DNS message from records, as an answer to our number.
func packed(kind uint16, name string, records ...string) string {
	m := dns.Msg{Question: []dns.Question{{Name: name, Qtype: kind, Qclass: dns.ClassINET}}}
	m.Id, m.Response = question.ID, true
	for _, r := range records {
		rr, err := dns.NewRR(r)
		if err != nil {
			panic(err)
		}
		m.Answer = append(m.Answer, rr)
	}
	b, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return string(b)
}

// counted8 and counted16 put a length before a text.
func counted8(s string) string { return string([]byte{byte(len(s))}) + s }

func counted16(s string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(len(s)))) + s
}

// measured writes the length of a message, without the first bytes, at a place of
// it: in two bytes, the low one first where little is set.
func measured(at, without int, little bool, message string) string {
	b := []byte(message)
	if little {
		binary.LittleEndian.PutUint16(b[at:], uint16(len(b)-without))
	} else {
		binary.BigEndian.PutUint16(b[at:], uint16(len(b)-without))
	}
	return string(b)
}

// kasaText masks a message as plugs do.
func kasaText(s string) string {
	b, mask := []byte(s), byte(171)
	for i := range b {
		b[i] ^= mask
		mask = b[i]
	}
	return string(b)
}

// ikeMessage is an answer with payloads, each with the kind of the next.
func ikeMessage(version, first, exchange, flags byte, payloads string) string {
	return bytesOf("x 4852000000000001 1122334455667788", string([]byte{first, version, exchange, flags}), "x 00000000",
		string(binary.BigEndian.AppendUint32(nil, uint32(28+len(payloads)))), payloads)
}

func ikePart(next byte, body string) string {
	return string([]byte{next, 0, byte((4 + len(body)) >> 8), byte(4 + len(body))}) + body
}

// l2tpAVP is an attribute of an L2TP message.
func l2tpAVP(kind byte, value string) string {
	return string([]byte{0x80, byte(6 + len(value)), 0, 0, 0, kind}) + value
}

func l2tpMessage(attributes string) string {
	return bytesOf("x c802", string(binary.BigEndian.AppendUint16(nil, uint16(12+len(attributes)))), "x 4852 0000 0000 0001", attributes)
}

// slpMessage is an answer of version 2.
func slpMessage(function byte, body string) string {
	return bytesOf(string([]byte{2, function, 0, 0, byte(16 + len(body))}), "x 0000 000000 6872", counted16("en"), body)
}

// bacnetText is a property of an answer.
func bacnetText(property byte, s string) string {
	return bytesOf(string([]byte{0x29, property}), "x 4e 75", counted8("\x00"+s), "x 4f")
}

func bacnetMessage(apdu string) string {
	return bytesOf("x 810a", string(binary.BigEndian.AppendUint16(nil, uint16(6+len(apdu)))), "x 0100", apdu)
}

// netlogon is what a domain controller says of itself.
var netlogon = bytesOf("x 1700 0000 7df30300", "x 112233445566778899aabbccddeeff00",
	"x 03 616263 04 74657374 00", "x c018", "x 03 646331 c018", "x 03 414243 00", "x 03 444331 00", "x 00", "x 05 53697465 31 00", "x c02f", "x 05000000 ffff ffff")

// datagramCases are answers as the services give them.
func datagramCases() []datagramCase {
	return []datagramCase{
		{port: 7, reply: asked("echo", 0), name: "echo"},
		{port: 13, reply: "Sun Nov 22 07:11:16 2026\r\n", name: "daytime"},
		{port: 17, reply: "\"A quote\"\r\n of somebody\r\n", name: "qotd"},
		{port: 19, reply: ` !"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\]^_` + "`abcdefg\r\n", name: "chargen"},
		{port: 37, reply: "\xee\x8a\x12\x34", name: "time"},
		{
			port: 53, reply: exchanges["dns/udp"], name: "dns", product: "ISC BIND", version: "9.18.49",
			further: map[string]string{
				string(recursive(question.DNS("", 2, 1))): "hr\x81\x80\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01",
				string(question.DNS("id.server", 16, 3)):  packed(dns.TypeTXT, "id.server.", `id.server. 0 CH TXT "ns1"`),
			},
			facts: map[string]string{"dns.recursion": "yes", "dns.id": "ns1", "os.hint": "Debian"},
		},
		{port: 69, reply: "\x00\x05\x00\x01File not found\x00", name: "tftp", facts: map[string]string{"tftp.error": "File not found"}},
		{
			port: 88, name: "kerberos", facts: map[string]string{"kerberos.realm": "CORP.TEST", "kerberos.error": "68", "kerberos.time": "2026-11-22T07:11:16Z"},
			reply: string(berOf(0x7e, berOf(0x30, berOf(0xa0, []byte{2, 1, 5}), berOf(0xa1, []byte{2, 1, 30}), berOf(0xa4, berOf(0x18, []byte("20261122071116Z"))),
				berOf(0xa5, []byte{2, 1, 7}), berOf(0xa6, []byte{2, 1, 68}), berOf(0xa9, berOf(0x1b, []byte("CORP.TEST"))), berOf(0xaa, berOf(0x30, []byte{0xa0, 3, 2, 1, 2}))))),
		},
		{
			port: 111, reply: rpcOK, name: "rpcbind", product: "rpcbind",
			further: map[string]string{string(rpcCall(4)): rpcOK + bytesOf("x 00000001 000186a0 00000002 00000011 0000006f 00000001 000186a3 00000003 00000011 00000801 00000000")},
			facts:   map[string]string{"rpc.programs": "nfs 3/udp:2049,portmapper 2/udp:111"},
		},
		{
			port: 123, name: "ntp", product: "ntpd", version: "4.2.8p15",
			reply:   bytesOf("x 24 02 06 e9 00000100 00000200 c0000201", strings.Repeat("\x11", 8), strings.Repeat("\x00", 8), strings.Repeat("\x22", 16)),
			further: map[string]string{asked("ntp", 1): bytesOf("x 1682 0001 0615 0000 0000 0061", `version="ntpd 4.2.8p15@1.3728-o Wed Sep 23 11:46:38 UTC 2020 (1)", processor="x86_64", system="Linux/5.10.0"`)},
			facts:   map[string]string{"ntp.stratum": "2", "ntp.refid": "192.0.2.1"},
		},
		{
			port: 137, name: "netbios-ns", facts: map[string]string{"host.name": "FILES", "smb.domain": "CORP", "host.mac": "00:0c:29:01:02:03"},
			reply: bytesOf("x 6872 8400 0000 0001 0000 0000 20", "CKAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "x 00 0021 0001 00000000 002b 02", "FILES          ", "x 00 0400", "CORP           ", "x 00 8400", "x 000c29010203"),
		},
		{
			port: 161, name: "snmp", product: "net-snmp",
			reply: string(berOf(0x30, []byte{2, 1, 1}, berText("public"), berOf(0xa2, []byte{2, 2, 0x68, 0x72, 2, 1, 0, 2, 1, 0}, berOf(0x30,
				berOf(0x30, []byte("\x06\x08\x2b\x06\x01\x02\x01\x01\x01\x00"), berText("Linux box 5.10.0 #1 SMP")),
				berOf(0x30, []byte("\x06\x08\x2b\x06\x01\x02\x01\x01\x02\x00"), []byte("\x06\x0a\x2b\x06\x01\x04\x01\xbf\x08\x03\x02\x0a")),
				berOf(0x30, []byte("\x06\x08\x2b\x06\x01\x02\x01\x01\x03\x00"), []byte{0x43, 2, 0x27, 0x10}),
				berOf(0x30, []byte("\x06\x08\x2b\x06\x01\x02\x01\x01\x05\x00"), berText("box")),
				berOf(0x30, []byte("\x06\x08\x2b\x06\x01\x02\x01\x01\x06\x00"), berText("Rack 4")))))),
			further: map[string]string{asked("snmp", 2): string(berOf(0x30, []byte{2, 1, 3}, berOf(0x30), berText(string(berOf(0x30,
				berText("\x80\x00\x1f\x88\x03\x00\x0c\x29\x01\x02\x03"), []byte{2, 1, 7, 2, 2, 1, 0, 4, 0, 4, 0, 4, 0}))), berOf(0x30)))},
			facts: map[string]string{
				"snmp.sysname": "box", "snmp.syslocation": "Rack 4", "snmp.uptime": "100", "snmp.versions": "2c,3", "host.mac": "00:0c:29:01:02:03",
				"snmp.engine.boots": "7", "snmp.engine.time": "256", "host.name": "box", "snmp.vendor": "net-snmp", "device.vendor": "",
			},
		},
		{
			port: 177, name: "xdmcp", reply: bytesOf("x 0001 0005 001c 0000 0005", "lab-x", "x 0011", "Willing to manage"),
			facts: map[string]string{"host.name": "lab-x", "xdmcp.status": "Willing to manage", "xdmcp.willing": "yes"},
		},
		{
			port: 389, name: "cldap",
			reply: string(berOf(0x30, []byte{2, 2, 0x68, 0x72}, berOf(0x64, berText(""), berOf(0x30, berOf(0x30, berText("supportedLDAPVersion"), berOf(0x31, berText("3"))))))),
			further: map[string]string{asked("cldap", 1): string(berOf(0x30, []byte{2, 2, 0x68, 0x72},
				berOf(0x64, berText(""), berOf(0x30, berOf(0x30, berText("Netlogon"), berOf(0x31, berText(netlogon)))))))},
			facts: map[string]string{
				"ad.forest": "abc.test", "ad.domain": "abc.test", "ldap.host": "dc1.abc.test", "smb.domain": "ABC", "smb.name": "DC1", "ad.site": "Site1",
				"smb.role": "domain controller", "ad.guid": "44332211-6655-8877-99aa-bbccddeeff00",
			},
		},
		{
			port: 427, name: "slp", product: "VMware ESXi", version: "6.7.0",
			reply: slpMessage(2, "\x00\x00\x00\x00"),
			further: map[string]string{
				string(slpTypes()): slpMessage(10, bytesOf("x 0000", counted16("service:VMwareInfrastructure,service:wbem:https"))),
				string(question.SLP(6, "", slpInfrastructure, "default", "", "")): slpMessage(7, bytesOf("x 0000", counted16(`(product="VMware ESXi 6.7.0 build-14320388")`), "x 00")),
			},
			facts: map[string]string{"slp.build": "14320388", "device.hint": "hypervisor"},
		},
		{
			port: 443, name: "quic", reply: bytesOf("x c7 00000000 08", "hrhrhrhr", "x 08", "HRHRHRHR", "x 00000001 6b3343cf ff00001d 51303433 0a1a2a3a"),
			facts: map[string]string{"quic.versions": "1,2,draft-29,Q043"},
		},
		{
			port: 4433, name: "dtls", facts: map[string]string{"dtls.answer": "cookie"},
			reply: bytesOf("x 16 feff 0000 0000000000 00 0023 03 000017 0000 000000 000017 feff 14", strings.Repeat("c", 20)),
		},
		{
			port: 500, name: "ike", product: "strongSwan",
			reply:   ikeMessage(0x10, 1, 2, 0, ikePart(13, "\x00\x00\x00\x01")+ikePart(13, bytesOf("x 882fe56d6fd20dbc2251613b2ebe5beb"))+ikePart(0, bytesOf("x afcad71368a1f1c96b8696fc77570100"))),
			further: map[string]string{asked("ike", 1): ikeMessage(0x20, 41, 34, 0x20, ikePart(0, "\x00\x00\x00\x0e"))},
			facts:   map[string]string{"ike.versions": "1,2", "ike.vendors": "strongSwan,DPD"},
		},
		{
			port: 4500, name: "ike", product: "Fortinet FortiGate",
			reply: "\x00\x00\x00\x00" + ikeMessage(0x10, 1, 2, 0, ikePart(13, "\x00\x00\x00\x01")+ikePart(0, bytesOf("x 8299031757a36082c6a621de00000000"))),
			facts: map[string]string{"ike.versions": "1", "device.hint": "firewall"},
		},
		{
			port: 502, name: "modbus", product: "Schneider Electric BMX P34 2020", version: "2.60",
			reply: measured(4, 6, false, bytesOf("x 4852 0000 0000 ff 2b 0e 01 01 00 00 03 00", counted8("Schneider Electric"), "x 01", counted8("BMX P34 2020"), "x 02", counted8("v2.60"))),
			facts: map[string]string{"device.hint": "plc", "device.vendor": "Schneider Electric"},
		},
		{port: 520, name: "rip", reply: bytesOf("x 02020000 00020000 c0000200 ffffff00 00000000 00000010"), facts: map[string]string{"rip.version": "2"}},
		{port: 523, name: "db2", product: "IBM Db2", version: "9.5", reply: "DB2RETADDR\x00SQL09050\x00dbhost\x00", facts: map[string]string{"host.name": "dbhost"}},
		{
			port: 623, name: "ipmi", reply: bytesOf("x 0600ff06 000011be 40000010 000011be 00000000 81 00 000000000000"),
			further: map[string]string{asked("ipmi", 1): bytesOf("x 0600ff07 00 00000000 00000000 10 81 1c 63 20 04 38 00 01 96 03 02 7c2a00 00 00")},
			facts: map[string]string{
				"ipmi.versions": "2.0", "ipmi.auth": "md2,md5,password", "ipmi.anonymous": "yes", "ipmi.null_user": "yes", "ipmi.vendor": "Supermicro",
				"auth.required": "no", "device.hint": "management",
			},
		},
		{port: 1194, name: "openvpn", product: "OpenVPN", reply: bytesOf("x 40 0102030405060708 01 00000000", "HRHRHRHR", "x 00000000")},
		{
			port: 1434, name: "mssql-browser", product: "Microsoft SQL Server Browser",
			reply: bytesOf("x 05 5600", "ServerName;DB1;InstanceName;SQLEXPRESS;IsClustered;No;Version;15.0.2000.5;tcp;49731;;x"),
			facts: map[string]string{"mssql.instances": "SQLEXPRESS 15.0.2000.5 tcp/49731", "mssql.versions": "15.0.2000.5", "host.name": "DB1"},
		},
		{port: 1604, name: "citrix-ica", product: "Citrix ICA Browser", reply: padTo(bytesOf("x 3000 02 31 02fda8e3 02000644"), 48)},
		{port: 1812, name: "radius", reply: bytesOf("x 03 48 0019", strings.Repeat("a", 16), "x 12 05", "no!"), facts: map[string]string{"radius.message": "no!"}},
		{
			port: 1701, name: "l2tp", product: "xl2tpd",
			reply: l2tpMessage(l2tpAVP(0, "\x00\x02") + l2tpAVP(2, "\x01\x00") + l2tpAVP(6, "\x06\x90") + l2tpAVP(7, "vpn.test") + l2tpAVP(8, "xelerance.com") + l2tpAVP(9, "\x00\x07")),
			facts: map[string]string{"l2tp.vendor": "xelerance.com", "host.name": "vpn.test", "l2tp.firmware": "0690"},
		},
		{
			port: 1900, name: "ssdp", product: "MiniUPnPd", version: "2.2.1",
			reply: "HTTP/1.1 200 OK\r\nCACHE-CONTROL: max-age=120\r\nST: upnp:rootdevice\r\nUSN: uuid:11111111-2222-3333-4444-555555555555::upnp:rootdevice\r\nEXT:\r\nSERVER: Linux/5.10.0 UPnP/1.1 MiniUPnPd/2.2.1\r\nLOCATION: http://192.0.2.1:5000/rootDesc.xml\r\n\r\n",
			facts: map[string]string{"upnp.uuid": "11111111-2222-3333-4444-555555555555", "ssdp.location": "http://192.0.2.1:5000/rootDesc.xml", "os.hint": "Linux 5.10.0"},
		},
		{port: 2049, name: "nfs", reply: rpcOK, further: map[string]string{string(question.RPC(100003, 0x6872, 0)): rpcVersionsOnly}, facts: map[string]string{"nfs.versions": "3-4"}},
		{port: 2123, name: "gtp", reply: bytesOf("x 40 02 0009 000001 00 03 0001 00 05"), facts: map[string]string{"gtp.version": "2"}},
		{
			port: 2362, name: "addp", product: "Digi PortServer TS 4",
			reply: measured(6, 8, false, bytesOf("DIGI", "x 0002 0000 01 06 00409d010203", "x 04", counted8("porta"), "x 0d", counted8("PortServer TS 4"), "x 08", counted8("82000856_F6A"))),
			facts: map[string]string{"host.mac": "00:40:9d:01:02:03", "host.name": "porta", "device.firmware": "82000856_F6A"},
		},
		{port: 2427, name: "mgcp", reply: "500 4852 Endpoint unknown\r\n"},
		{port: 3283, name: "apple-remote-desktop", product: "Apple Remote Desktop", reply: padTo("\x00\x01\x03\xf2", 1006)},
		{port: 3389, name: "rdp-udp", reply: padTo(bytesOf("x 48524852 0040 0005 11223344 04d0 04d0"), 1232)},
		{
			port: 3478, name: "stun", product: "coturn", version: "4.6.1",
			reply: bytesOf("x 0101 0024 2112a442", "HRHRHRHRHRHR", "x 0020 0008 0001a147 e112a643 8022 0014", "Coturn-4.6.1 'Gorst'"),
		},
		{
			port: 3671, name: "knxnet-ip", product: "KNXnet/IP device",
			reply: measured(4, 0, false, bytesOf("x 0610 0204 0000 36 01 02 00 1105 0000 000102030405 e000170c 0024 6d01 0203", padTo("IP Interface N148", 30), "x 0a02 0201 0301 0401 0501")),
			facts: map[string]string{"knx.address": "1.1.5", "knx.name": "IP Interface N148", "host.serial": "000102030405", "host.mac": "00:24:6d:01:02:03"},
		},
		{
			port: 3702, name: "wsd",
			reply: `<?xml version="1.0"?><s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Header><a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</a:Action></s:Header><s:Body><d:ProbeMatches><d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:AAAAAAAA-2222-3333-4444-555555555555</a:Address></a:EndpointReference><d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/name/ACME%20Cam onvif://www.onvif.org/hardware/CAM-1</d:Scopes><d:XAddrs>http://192.0.2.1/onvif/device_service</d:XAddrs></d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>`,
			facts: map[string]string{"device.hint": "camera", "wsd.uuid": "aaaaaaaa-2222-3333-4444-555555555555", "onvif.name": "ACME Cam", "device.model": "CAM-1", "wsd.xaddrs": "http://192.0.2.1/onvif/device_service"},
		},
		{port: 4045, name: "nlockmgr", reply: rpcOK},
		{
			port: 4070, name: "hid-vertx", product: "HID V2000", version: "2.2.7.568",
			reply: "discovered;097;00:06:8E:01:02:03;Door;192.0.2.1;1;V2000;2.2.7.568;04/16/2009;",
			facts: map[string]string{"host.mac": "00:06:8e:01:02:03", "host.name": "Door"},
		},
		{port: 4569, name: "iax2", reply: bytesOf("x 8001 0048 00000000 00 01 06 03")},
		{port: 4800, name: "moxa", product: "Moxa NPort", reply: bytesOf("x 81 00 0018 00000000 51050000 0000", "x 0090e8010203", "x c0000201"), facts: map[string]string{"host.mac": "00:90:e8:01:02:03"}},
		{port: 5094, name: "hart-ip", reply: bytesOf("x 01 01 00 00 0002 000d 01 00007530")},
		{port: 5351, name: "nat-pmp", reply: bytesOf("x 00 80 0000 00000100 c6336401"), facts: map[string]string{"nat.external": "198.51.100.1", "nat.protocol": "nat-pmp"}},
		{
			port: 5353, name: "mdns",
			reply: packed(dns.TypePTR, "_services._dns-sd._udp.local.", "_services._dns-sd._udp.local. 10 PTR _workstation._tcp.local.", "_services._dns-sd._udp.local. 10 PTR _pdl-datastream._tcp.local."),
			further: map[string]string{
				bytesOf("x 6872 0000 0002"): packed(dns.TypePTR, "_workstation._tcp.local.", `_workstation._tcp.local. 10 PTR box\032\[52:54:00:01:02:03\]._workstation._tcp.local.`,
					`_pdl-datastream._tcp.local. 10 PTR ACME\0321._pdl-datastream._tcp.local.`, `ACME\0321._pdl-datastream._tcp.local. 10 SRV 0 0 9100 box.local.`, `ACME\0321._pdl-datastream._tcp.local. 10 TXT "ty=ACME LaserJet 1" "UUID=11111111-2222-3333-4444-555555555555"`),
			},
			facts: map[string]string{
				"mdns.services": "_pdl-datastream._tcp,_workstation._tcp", "host.name": "box", "host.mac": "52:54:00:01:02:03", "device.hint": "printer",
				"device.model": "ACME LaserJet 1", "mdns.uuid": "11111111-2222-3333-4444-555555555555",
			},
		},
		{port: 5355, name: "llmnr", reply: packed(dns.TypeA, "localhost.", "localhost. 30 A 127.0.0.1")},
		{port: 5632, name: "pcanywhere", product: "Symantec pcAnywhere", reply: "NR" + "OFFICE__________________" + "AHM_3___" + "\x00", facts: map[string]string{"host.name": "OFFICE"}},
		{
			port: 5683, name: "coap", reply: bytesOf("x 70 00 4852"),
			further: map[string]string{asked("coap", 1): bytesOf("x 60 45 4853 c1 28 b1 0a ff", `</sensors>;rt="core.s",</a>`)},
			facts:   map[string]string{"coap.resources": `</sensors>;rt="core.s",</a>`},
		},
		{port: 6881, name: "bittorrent-dht", reply: "d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:hr1:v4:LT\x01\x021:y1:re", facts: map[string]string{"dht.client": "LT"}},
		{port: 6969, name: "bittorrent-tracker", reply: bytesOf("x 00000000", "HRHR", "x 0102030405060708")},
		{port: 7001, name: "afs", product: "OpenAFS", version: "1.8.9", reply: bytesOf("x 000003e7 00000000 00000065 00000000 00000000 0d 04 00 00 0000 0001", padTo(" OpenAFS 1.8.9 built 2023-01-06 ", 65))},
		{port: 9600, name: "fins", product: "Omron CJ2M-CPU33", version: "02.01", reply: bytesOf("x c00002006300000000ef0501 0000", padTo("CJ2M-CPU33", 20), padTo("02.01", 20)), facts: map[string]string{"device.hint": "plc"}},
		{port: 9987, name: "teamspeak", product: "TeamSpeak 3 Server", reply: bytesOf("TS3INIT1", "x 0065 88 01", strings.Repeat("k", 20))},
		{
			port: 9999, name: "tplink-kasa", product: "TP-Link HS100(UK)", version: "1.5.4",
			reply: kasaText(`{"system":{"get_sysinfo":{"err_code":0,"sw_ver":"1.5.4 Build 180815 Rel.121440","hw_ver":"2.0","model":"HS100(UK)","mac":"50:C7:BF:01:02:03","deviceId":"8006","alias":"lamp"}}}`),
			facts: map[string]string{"host.mac": "50:c7:bf:01:02:03", "host.name": "lamp", "host.serial": "8006"},
		},
		{
			port: 10001, name: "ubiquiti", product: "Ubiquiti NanoStation M5", version: "5.6.2",
			reply: measured(2, 4, false, bytesOf("x 01 00 0000 02 000a 0418d6010203 c0000201 01 0006 0418d6010203 03 0029", "XM.ar7240.v5.6.2.27929.150716.1201.stable", "x 0b 0004", "roof", "x 0c 0003", "NM5", "x 14 000f", "NanoStation M5\x00")),
			facts: map[string]string{"host.mac": "04:18:d6:01:02:03", "host.name": "roof", "device.model": "NanoStation M5"},
		},
		{port: 17185, name: "wdbrpc", reply: rpcOK, facts: map[string]string{"os.hint": "VxWorks"}},
		{
			port: 19132, name: "minecraft-bedrock", product: "Minecraft Bedrock server", version: "1.20.15",
			reply: bytesOf("x 1c 0000000000004852 1122334455667788 00ffff00fefefefefdfdfdfd12345678", counted16("MCPE;Dedicated Server;594;1.20.15;0;10;123;Bedrock level;Survival;1;19132;19133;")),
		},
		{port: 20000, name: "dnp3", reply: string(append([]byte{0x05, 0x64, 0x05, 0x0b, 0x01, 0x00, 0x0a, 0x00}, binary.LittleEndian.AppendUint16(nil, question.DNP3Sum([]byte{0x05, 0x64, 0x05, 0x0b, 0x01, 0x00, 0x0a, 0x00}))...)), facts: map[string]string{"dnp3.address": "10"}},
		{
			port: 27015, name: "source-engine", product: "Counter-Strike", version: "1.38.8.1",
			reply:   bytesOf("x ffffffff 41 0a0b0c0d"),
			further: map[string]string{asked("source-engine", 0) + "\x0a\x0b\x0c\x0d": bytesOf("x ffffffff 49 11", "A server\x00de_dust2\x00csgo\x00Counter-Strike\x00", "x da02 05 10 00 64 6c 00 01", "1.38.8.1\x00")},
			facts:   map[string]string{"game.name": "A server", "game.map": "de_dust2", "os.hint": "Linux"},
		},
		{port: 27960, name: "quake3", reply: "\xff\xff\xff\xffinfoResponse\n\\protocol\\68\\hostname\\arena\\mapname\\q3dm17\\gamename\\baseq3", facts: map[string]string{"game.name": "arena", "game.map": "q3dm17", "game.protocol": "68"}},
		{port: 30718, name: "lantronix", product: "Lantronix device server", reply: bytesOf("x 000000f7 0000000000000000000000000000000000000000 00204a010203"), facts: map[string]string{"host.mac": "00:20:4a:01:02:03"}},
		{
			port: 32414, name: "plex", product: "Plex Media Server", version: "1.32.5.7349",
			reply: "HTTP/1.0 200 OK\r\nContent-Type: plex/media-server\r\nHost: 1.plex.direct\r\nName: den\r\nPort: 32400\r\nResource-Identifier: 99\r\nVersion: 1.32.5.7349-8f4248874\r\n\r\n",
			facts: map[string]string{"host.name": "den", "plex.id": "99"},
		},
		{port: 32768, name: "rpc-status", reply: rpcOK},
		{
			port: 33848, name: "jenkins-discovery", product: "Jenkins", version: "2.19.4",
			reply: "<hudson><version>2.19.4</version><url>http://ci.test/</url><server-id>abc</server-id><slave-port>50000</slave-port></hudson>",
			facts: map[string]string{"jenkins.url": "http://ci.test/", "jenkins.id": "abc"},
		},
		{
			port: 41794, name: "crestron", product: "Crestron DIN-AP3", version: "1.8005.0143",
			reply: bytesOf("x 15 00000001 040003 0100", padTo("HALL", 256), padTo("DIN-AP3 [v1.8005.0143 (Nov 01 2018), #0083A4F2]", 128)),
			facts: map[string]string{"host.name": "HALL", "host.serial": "0083A4F2"},
		},
		{
			port: 44818, name: "ethernet-ip", product: "Rockwell Automation 1756-ENBT/A", version: "5.28",
			reply: measured(2, 24, true, bytesOf("x 6300 0000 00000000 00000000 0000000000000000 00000000", "x 0100 0c00 2c00 0100 0002 af12 c0000201 0000000000000000 0100 0c00 3a00 05 1c 3000 78563412", counted8("1756-ENBT/A"), "x 03")),
			facts: map[string]string{"host.serial": "enip-1-12345678", "device.vendor": "Rockwell Automation", "device.hint": "plc"},
		},
		{
			port: 47808, name: "bacnet", product: "ACME BAS-1", version: "2.1.0",
			reply:   bacnetMessage(bytesOf("x 30 01 0c 0c 02000064 19 4d 3e 75", counted8("\x00AHU-1"), "x 3f")),
			further: map[string]string{string(bacnetRead()): bacnetMessage(bytesOf("x 30 02 0e 0c 02000064 1e", bacnetText(77, "AHU-1"), bacnetText(121, "ACME"), bacnetText(70, "BAS-1"), bacnetText(44, "2.1.0"), "x 29 3a 5e 91 02 91 20 5f 1f"))},
			facts:   map[string]string{"bacnet.instance": "100", "device.vendor": "ACME", "device.hint": "ics", "host.name": "AHU-1"},
		},
		{port: 64738, name: "mumble", product: "Mumble server", version: "1.4.0", reply: bytesOf("x 00 01 04 00", "HRHRHRHR", "x 00000002 00000064 00011940"), facts: map[string]string{"mumble.users": "2"}},
	}
}

package question

// List is what UDP ports are asked: requests that read and change nothing, and
// that ask for no lists, so that answers stay small. In an order by port; of the
// protocols that share a port the likelier comes first. Nobody may change it.
var List = []Question{
	// The small services answer any datagram (RFC 862, 864, 865, 867, 868); discard never does.
	{Protocol: "echo", Ports: []uint16{7}, Data: data(text("harrier\r\n"))},
	{Protocol: "discard", Ports: []uint16{9}},
	{Protocol: "daytime", Ports: []uint16{13}, Data: data(text("\r\n"))},
	{Protocol: "qotd", Ports: []uint16{17}, Data: data(text("\r\n"))},
	{Protocol: "chargen", Ports: []uint16{19}, Data: data(text("\r\n"))},
	{Protocol: "time", Ports: []uint16{37}, Data: data(text("\r\n"))},
	// The version of the server (RFC 4892), then the root's name servers (RFC 1035).
	{Protocol: "dns", Ports: []uint16{53, 1053, 5354}, Data: data(DNS("version.bind", 16, 3), DNS("", 2, 1))},
	// A DHCP server answers the address inside the request, if it answers at all.
	{Protocol: "dhcp", Ports: []uint16{67, 68, 546, 547}},
	// A read request for a file that does not exist (RFC 1350, section 5).
	{Protocol: "tftp", Ports: []uint16{69}, Data: data(text("\x00\x01harrier-no-such-file\x00octet\x00")), Elsewhere: TFTPAnswer},
	{Protocol: "kerberos", Ports: []uint16{88}, Data: data(kerberosRequest())},
	// The portmapper in version 2 (RFC 1833, section 3), then versions 4 and 3 (section 2).
	{Protocol: "rpcbind", Ports: []uint16{111}, Data: data(RPC(100000, 2, 0), RPC(100000, 4, 0), RPC(100000, 3, 0))},
	// A client's request (RFC 5905, section 7.3), then the system variables (RFC 9327, section 4).
	{Protocol: "ntp", Ports: []uint16{123}, Data: data(padded(unhex("23"), 48), unhex("16020001 00000000 00000000"))},
	{Protocol: "netbios-ns", Ports: []uint16{137}, Data: data(netbiosStatus())},
	{Protocol: "snmp", Ports: []uint16{161, 1161, 1993}, Data: data(snmpGet(1, 1, 2, 3, 5, 6), snmpGet(0, 1, 2), snmpDiscovery())},
	// Receivers of traps, system logs, flows and statistics never answer.
	{Protocol: "receiver", Ports: []uint16{162, 514, 2055, 4739, 6343, 8125, 9995, 9996}},
	// Query of X displays (X Display Manager Control Protocol, section 5).
	{Protocol: "xdmcp", Ports: []uint16{177}, Data: data(unhex("0001 0002 0001 00"))},
	// The root entry by one attribute, then a domain controller's own answer ([MS-ADTS], section 6.3.3.1).
	{Protocol: "cldap", Ports: []uint16{389}, Data: data(
		cldapSearch(BER(0x87, text("objectClass")), "supportedLDAPVersion"),
		cldapSearch(BER(0xa3, BER(berOctets, text("NtVer")), BER(berOctets, unhex("06000000"))), "Netlogon"))},
	// Service request for service agents (RFC 2608, section 8.1).
	{Protocol: "slp", Ports: []uint16{427}, Data: data(SLP(1, "", "service:service-agent", "default", "", ""))},
	{Protocol: "quic", Ports: []uint16{443, 784, 853, 8443, 8853}, Data: data(quicInitial())},
	{Protocol: "dtls", Ports: []uint16{443, 853, 2221, 3391, 4433, 5349, 5684, 10161}, Data: data(dtlsHello())},
	{Protocol: "ike", Ports: []uint16{500}, Data: data(ike1(), ike2())},
	// The same after the marker that tells it from ESP (RFC 3948, section 2.2).
	{Protocol: "ike-nat-t", Ports: []uint16{4500}, Data: data(concat("00000000", ike1()), concat("00000000", ike2()))},
	{Protocol: "modbus", Ports: []uint16{502}, Fragile: true, Data: data(unhex("4852 0000 0005 ff 2b 0e 01 00"))}, // device identification
	// The metric of one network, in version 2 and 1: an answer as long as the request (RFC 2453, section 3.9.1).
	{Protocol: "rip", Ports: []uint16{520}, Data: data(
		unhex("01020000 00020000 c0000200 ffffff00 00000000 00000010"), unhex("01010000 00020000 c0000200 00000000 00000000 00000010"))},
	// The same for one prefix (RFC 2080, section 2.4.1).
	{Protocol: "ripng", Ports: []uint16{521}, Data: data(unhex("01010000 20010db8000000000000000000000000 0000 20 10"))},
	// Discovery by client tools: the version in the request is not checked.
	{Protocol: "db2", Ports: []uint16{523}, Data: data(text("DB2GETADDR\x00SQL09010\x00"))},
	// Presence ping (ASF 2.0, section 3.2.4.2), then Get Channel Authentication Capabilities (IPMI 2.0, section 22.13).
	{Protocol: "ipmi", Ports: []uint16{623, 664}, Data: data(
		unhex("0600ff06 000011be 80000000"), unhex("0600ff07 00 00000000 00000000 09 2018c8 810038 8e04 b5"))},
	// Client hard reset, version 2: opcode 7, a session id, no acknowledgements, packet 0.
	{Protocol: "openvpn", Ports: []uint16{1194}, Data: data(unhex("38 4852484852485248 00 00000000"))},
	// All instances of this host, in the unicast and the broadcast form ([MS-SQLR], sections 2.2.1 and 2.2.2).
	{Protocol: "mssql-browser", Ports: []uint16{1434}, Data: data(unhex("03"), unhex("02"))},
	// Where a Citrix browser is: the first message of the ICA browser protocol.
	{Protocol: "citrix-ica", Ports: []uint16{1604}, Data: data(padded(unhex("1e 00 01 30 02 fd a8 e3"), 30))},
	// Access-Request for the user hr (RFC 2865, section 4.1), then Status-Server (RFC 5997, section 3).
	// A server answers only those that share a secret with it.
	{Protocol: "radius", Ports: []uint16{1645, 1812}, Data: data(
		concat("01 48 0018", padded(text("harrier"), 16), "01 04", text("hr")),
		concat("0c 48 0026", padded(text("harrier"), 16), "50 12", padded(nil, 16)))},
	{Protocol: "radius-acct", Ports: []uint16{1646, 1813}, Data: data(concat("0c 48 0026", padded(text("harrier"), 16), "50 12", padded(nil, 16)))},
	{Protocol: "l2tp", Ports: []uint16{1701}, Data: data(l2tpStart())},
	{Protocol: "codesys", Ports: []uint16{1740, 1741, 1742, 1743}, Fragile: true},
	// Search for the root device alone (UPnP Device Architecture 1.1, section 1.3.2).
	{Protocol: "ssdp", Ports: []uint16{1900}, Elsewhere: SSDPAnswer, Data: data(lines(
		"M-SEARCH * HTTP/1.1", "HOST: 239.255.255.250:1900", `MAN: "ssdp:discover"`, "MX: 1", "ST: upnp:rootdevice"))},
	// NULL calls of the file server, versions 3, 4 and 2 (RFC 1813, section 3.3.0).
	{Protocol: "nfs", Ports: []uint16{2049}, Data: data(RPC(100003, 3, 0), RPC(100003, 4, 0), RPC(100003, 2, 0))},
	// Echo request of version 2 (3GPP TS 29.274, section 7.1.1), then of version 1 (TS 29.060, section 7.2.1).
	{Protocol: "gtp-c", Ports: []uint16{2123}, Data: data(unhex("40 01 0009 000001 00 03 0001 00 00"), unhex("32 01 0004 00000000 0001 00 00"))},
	{Protocol: "gtp-u", Ports: []uint16{2152}, Data: data(unhex("32 01 0004 00000000 0001 00 00"))}, // TS 29.281, section 7.2.1
	{Protocol: "ethernet-ip-io", Ports: []uint16{2222}, Fragile: true},
	// Discovery of Digi's device servers (ADDP), any vendor.
	{Protocol: "addp", Ports: []uint16{2362}, Fragile: true, Data: data(concat(text("DIGI"), "0001 0006 ffffffffffff"))},
	// Audit of an endpoint that does not exist (RFC 3435, section 2.3.9).
	{Protocol: "mgcp", Ports: []uint16{2427}, Data: data(lines("AUEP 4852 hr@nm MGCP 1.0"))},
	{Protocol: "apple-remote-desktop", Ports: []uint16{3283}, Data: data(unhex("0014 0000"))},
	// SYN of the reliable version 1, padded as it must be ([MS-RDPEUDP], sections 2.2.2.1, 2.2.2.5 and 3.1.5.1.1).
	{Protocol: "rdp-udp", Ports: []uint16{3389}, Data: data(padded(unhex("ffffffff 0040 0001 48524852 04d0 04d0"), 1232))},
	// Binding request without attributes (RFC 8489, sections 5 and 14).
	{Protocol: "stun", Ports: []uint16{3478, 3479, 5349, 19302}, Data: data(unhex("0001 0000 2112a442 485248524852485248524852"))},
	// Description request of KNXnet/IP, to be answered where it came from (EN 13321-2).
	{Protocol: "knxnet-ip", Ports: []uint16{3671}, Fragile: true, Data: data(unhex("0610 0203 000e 08 01 00000000 0000"))},
	// Probe for any device (WS-Discovery, April 2005, section 5.2).
	{Protocol: "wsd", Ports: []uint16{3702}, Elsewhere: WSDAnswer, Data: data(text(`<?xml version="1.0" encoding="utf-8"?>` +
		`<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"` +
		` xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><e:Header>` +
		`<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>` +
		`<a:MessageID>urn:uuid:48524852-4852-4852-8852-485248524852</a:MessageID>` +
		`<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></e:Header><e:Body><d:Probe/></e:Body></e:Envelope>`))},
	{Protocol: "nlockmgr", Ports: []uint16{4045}, Data: data(RPC(100021, 4, 0), RPC(100021, 1, 0))},
	// Discovery of HID door controllers.
	{Protocol: "hid-vertx", Ports: []uint16{4070}, Fragile: true, Data: data(text("discover;013;"))},
	// POKE of another peer (RFC 5456, sections 6.7.1 and 8.1.1).
	{Protocol: "iax2", Ports: []uint16{4569}, Data: data(unhex("8048 0000 00000000 00 00 06 1e"))},
	// Search for Moxa's device servers.
	{Protocol: "moxa", Ports: []uint16{4800}, Fragile: true, Data: data(unhex("01 00 0008 00000000"))},
	// Tunnels deliver what is inside and answer nothing.
	{Protocol: "tunnel", Ports: []uint16{4789, 6081, 8472}},
	{Protocol: "sip", Ports: []uint16{5060}, Data: data(lines(
		"OPTIONS sip:nm SIP/2.0", "Via: SIP/2.0/UDP nm;branch=z9hG4bKhr;rport", "From: <sip:nm@nm>;tag=hr", "To: <sip:nm@nm>",
		"Call-ID: 4852@nm", "CSeq: 1 OPTIONS", "Max-Forwards: 70", "Content-Length: 0"))}, // RFC 3261, section 11.1; RFC 3581
	// Discovery of Sentinel licence servers.
	{Protocol: "sentinel", Ports: []uint16{5093}, Data: data(unhex("7a 00 00 00 00 00"))},
	// Session initiate of HART-IP, as a primary master without a timeout of note.
	{Protocol: "hart-ip", Ports: []uint16{5094}, Fragile: true, Data: data(unhex("01 00 00 00 0002 000d 01 00007530"))},
	// External address (RFC 6886, section 3.2), then an announcement (RFC 6887, section 14.1).
	{Protocol: "nat-pmp", Ports: []uint16{5351}, Data: data(unhex("0000"), padded(unhex("02 00"), 24))},
	// The types of services, to be answered to the asker alone (RFC 6762, section 5.4; RFC 6763, section 9);
	// then as a plain server is asked.
	{Protocol: "mdns", Ports: []uint16{5353}, Data: data(DNS("_services._dns-sd._udp.local", 12, 0x8001), DNS("", 2, 1))},
	// A name that nobody has: only responders that answer every query do (RFC 4795, section 2.1).
	{Protocol: "llmnr", Ports: []uint16{5355}, Data: data(DNS("localhost", 1, 1))},
	{Protocol: "pcanywhere", Ports: []uint16{5632}, Data: data(text("NQ"), text("ST"))},
	// An empty message (RFC 7252, section 4.3), then 64 bytes of the list of resources (RFC 6690; RFC 7959).
	{Protocol: "coap", Ports: []uint16{5683}, Data: data(
		unhex("40 00 4852"), concat("40 01 4853 bb", text(".well-known"), "04", text("core"), "c1 02"))},
	// ping of the distributed hash table (BitTorrent's BEP 5).
	{Protocol: "bittorrent-dht", Ports: []uint16{6881}, Data: data(text("d1:ad2:id20:harrier.harrier.harre1:q4:ping1:t2:hr1:y1:qe"))},
	// Connect to a tracker (BEP 15).
	{Protocol: "bittorrent-tracker", Ports: []uint16{6969}, Data: data(unhex("0000041727101980 00000000 48524852"))},
	// Version of a Rx server: packet type 13, from a client, the last of its call.
	{Protocol: "afs", Ports: []uint16{7000, 7001, 7002, 7003, 7005, 7007}, Data: data(padded(unhex("000003e7 00000000 00000065 00000000 00000000 0d 05 00 00 0000 0000"), 93))},
	// Controller data read of FINS.
	{Protocol: "fins", Ports: []uint16{9600}, Fragile: true, Data: data(unhex("80 00 02 00 00 00 00 63 00 ef 05 01 00"))},
	// First packet of a session: a cookie is all that it asks for.
	{Protocol: "teamspeak", Ports: []uint16{9987}, Data: data(concat(text("TS3INIT1"), "0065 0000 88 0652e90b 00 48524852 48524852 0000000000000000"))},
	{Protocol: "tplink-kasa", Ports: []uint16{9999}, Data: data(kasa(`{"system":{"get_sysinfo":{}}}`))},
	// Discovery of Ubiquiti's devices, versions 1 and 2.
	{Protocol: "ubiquiti", Ports: []uint16{10001}, Data: data(unhex("01 00 0000"), unhex("02 08 0000"))},
	// The version, after the header of a datagram (memcached's protocol.txt, "UDP protocol").
	{Protocol: "memcached", Ports: []uint16{11211}, Data: data(concat("4852 0000 0001 0000", text("version\r\n")))},
	// NULL call of the debugging agent of VxWorks.
	{Protocol: "wdbrpc", Ports: []uint16{17185}, Fragile: true, Data: data(RPC(0x55555555, 1, 0))},
	// Unconnected ping of RakNet.
	{Protocol: "minecraft-bedrock", Ports: []uint16{19132, 19133}, Data: data(unhex("01 0000000000004852 00ffff00fefefefefdfdfdfd12345678 4852485248524852"))},
	{Protocol: "dnp3", Ports: []uint16{20000}, Fragile: true, Data: data(dnp3Link())},
	// Information of a game server (Source's server queries, A2S_INFO).
	{Protocol: "source-engine", Ports: []uint16{27005, 27015, 27016, 27017}, Data: data(concat("ffffffff 54", text("Source Engine Query\x00")))},
	{Protocol: "quake3", Ports: []uint16{27960}, Data: data(concat("ffffffff", text("getinfo hr")))},
	// Lantronix's device servers: what is your version?
	{Protocol: "lantronix", Ports: []uint16{30718}, Fragile: true, Data: data(unhex("000000f6"))},
	// Search for Plex media servers.
	{Protocol: "plex", Ports: []uint16{32410, 32412, 32413, 32414}, Data: data(lines("M-SEARCH * HTTP/1.0"))},
	{Protocol: "rpc-status", Ports: []uint16{32768}, Data: data(RPC(100024, 1, 0))}, // the status monitor's usual place
	{Protocol: "jenkins-discovery", Ports: []uint16{33848}, Data: data(text("\n"))},
	{Protocol: "profinet", Ports: []uint16{34962, 34963, 34964}, Fragile: true},
	// Hostname query of Crestron's controllers.
	{Protocol: "crestron", Ports: []uint16{41794}, Fragile: true, Data: data(padded(concat("14 00000001 04 0003 00 00", text("harrier")), 266))},
	// ListIdentity (ODVA's EtherNet/IP, section 2-4.2).
	{Protocol: "ethernet-ip", Ports: []uint16{44818}, Fragile: true, Data: data(padded(unhex("6300"), 24))},
	// Read the name of the device that any device takes itself for (ASHRAE 135, clause 15.5 and annex J.2.11).
	{Protocol: "bacnet", Ports: []uint16{47808}, Fragile: true, Data: data(unhex("810a0011 0104 0005010c 0c 023fffff 19 4d"))},
	// The first message of a handshake must be made with the server's key: it is silent to others.
	{Protocol: "wireguard", Ports: []uint16{51820}},
	// Ping that is answered with the version and the number of users.
	{Protocol: "mumble", Ports: []uint16{64738}, Data: data(unhex("00000000 4852485248524852"))},
}

package probe

import (
	"bytes"
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

// The protocols of this file are one question and one answer in text.

var zookeeperProtocol = Protocol{
	Name: "zookeeper", Transport: harrier.TCP, Ports: []uint16{2181, 2182, 2281},
	Common: true,
	Hello:  func(Target) []byte { return []byte("srvr") },
	Reply: func(b []byte) bool {
		return bytes.HasPrefix(b, []byte("Zookeeper version: ")) || bytes.HasPrefix(b, []byte("srvr is not executed because it is not in the whitelist"))
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.s.Banner = printable([]byte(firstLine(first)))
		x.is("Apache ZooKeeper", "apache:zookeeper", "", firstLine(first))
		x.tell("zookeeper", firstLine(first))
		x.fact("zookeeper.mode", strings.TrimSpace(between(string(first), "Mode: ", "\n")))
	},
}

var beanstalkdProtocol = Protocol{
	Name: "beanstalkd", Transport: harrier.TCP, Ports: []uint16{11300},
	Common: true,
	Hello:  func(Target) []byte { return []byte("stats\r\n") },
	Reply: func(b []byte) bool {
		return bytes.HasPrefix(b, []byte("OK ")) && bytes.Contains(b, []byte("current-jobs-ready:"))
	},
	Banner: func(b []byte) bool { return bytes.HasPrefix(b, []byte("UNKNOWN_COMMAND\r\n")) },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		stats := colonLines(first)
		version := strings.Trim(stats["version"], `"`)
		x.is("beanstalkd", "beanstalkd_project:beanstalkd", versionText(version), "version: "+version)
		x.fact("host.name", strings.Trim(stats["hostname"], `"`))
		x.fact("os.hint", strings.Trim(stats["os"], `"`))
		x.fact("auth.required", "no")
	},
}

var gearmanProtocol = Protocol{
	Name: "gearman", Transport: harrier.TCP, Ports: []uint16{4730},
	Common: true,
	Hello:  func(Target) []byte { return []byte("version\r\n") },
	Done:   oneLineDone,
	Reply:  gearmanVersion.Match,
	Banner: func(b []byte) bool {
		return gearmanVersion.Match(b) || bytes.HasPrefix(b, []byte("ERR UNKNOWN_COMMAND Unknown+server+command"))
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.is("Gearman", "gearman:gearman_job_server", "", firstLine(first))
		if m := gearmanVersion.FindSubmatch(first); m != nil {
			x.is("Gearman", "gearman:gearman_job_server", string(m[1]), firstLine(first))
		}
		x.fact("auth.required", "no")
	},
}

var gearmanVersion = pattern(`^OK (\d+\.\d+(?:\.\d+)?)(?:\+[a-z0-9]{1,12})?\r?\n$`)

// headDone reports that a block of headers is complete.
func headDone(b []byte) bool { return bytes.Contains(b, []byte("\r\n\r\n")) }

var sipProtocol = Protocol{
	Name: "sip", Transport: harrier.TCP, Ports: []uint16{5060, 5061},
	Common: true,
	Hello:  func(t Target) []byte { return sipOptions(t) },
	Done:   headDone,
	Reply:  isSIP,
	Banner: isSIP,
	Learn:  learnSIP,
}

var sipUDP = overUDP(Protocol{Name: "sip", Reply: isSIP, Learn: learnSIP})

func isSIP(b []byte) bool { return bytes.HasPrefix(b, []byte("SIP/2.0 ")) }

// sipOptions asks for abilities, which calls nobody.
//
// Source: RFC 3261, section 11.
func sipOptions(t Target) []byte {
	to := t.Addr.Unmap().WithZone("").String()
	if t.Addr.Is6() {
		to = "[" + to + "]"
	}
	return []byte("OPTIONS sip:" + to + " SIP/2.0\r\nVia: SIP/2.0/TCP harrier.invalid;branch=z9hG4bK6872;rport\r\nMax-Forwards: 70\r\n" +
		"From: <sip:harrier@harrier.invalid>;tag=6872\r\nTo: <sip:" + to + ">\r\nCall-ID: 6872@harrier.invalid\r\nCSeq: 1 OPTIONS\r\n" +
		"Contact: <sip:harrier@harrier.invalid>\r\nAccept: application/sdp\r\nContent-Length: 0\r\n\r\n")
}

func learnSIP(_ context.Context, x *talk, first []byte, _ bool) {
	h := parseHTTPHead(first)
	x.s.Banner = printable(first)
	for _, name := range []string{"Server", "User-Agent"} {
		if text := h.get(name); text != "" && x.s.Product == "" {
			x.fact("sip.server", text)
			x.tell("sip", text)
		}
	}
}

var xmppProtocol = Protocol{
	Name: "xmpp", Transport: harrier.TCP, Ports: []uint16{5222, 5223, 5269},
	Hello: func(t Target) []byte {
		name := t.Name
		if name == "" {
			name = "harrier.invalid"
		}
		return []byte("<?xml version='1.0'?><stream:stream to='" + name + "' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>")
	},
	Reply: func(b []byte) bool { return bytes.Contains(b, []byte("<stream:stream")) },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) { x.s.Banner = printable(first) },
}

// echoProtocol has no question of its own: what comes back is what was sent.
var echoProtocol = Protocol{
	Name: "echo", Transport: harrier.TCP, Ports: []uint16{7},
	Common: true,
	Hello:  func(Target) []byte { return []byte("harrier\r\n") },
	Done:   oneLineDone,
	Reply:  func(b []byte) bool { return string(b) == "harrier\r\n" },
}

// daytimeProtocol is a line with the time of day, unasked.
var daytimeProtocol = Protocol{
	Name: "daytime", Transport: harrier.TCP, Ports: []uint16{13},
	First:  true,
	Banner: daytimePattern.Match,
}

var daytimePattern = pattern(`^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? |\d{1,2} [A-Z]{3} )[ -~]{4,60}:\d\d[ -~]{0,40}\r?\n?$`)

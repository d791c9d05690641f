package probe

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// The protocols of this file are, like those of lines.go, one question and one
// answer in text.

var clamdProtocol = Protocol{
	Name: "clamd", Transport: harrier.TCP, Ports: []uint16{3310},
	Hello: func(Target) []byte { return []byte("nVERSION\n") },
	Done:  oneLineDone,
	Reply: clamdVersion.Match,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.s.Banner = printable(first)
		if m := clamdVersion.FindSubmatch(first); m != nil {
			x.is("ClamAV", "clamav:clamav", string(m[1]), firstLine(first))
			x.fact("clamd.signatures", string(m[2]))
			x.fact("clamd.signatures_date", string(m[3]))
		}
		x.fact("auth.required", "no")
	},
}

// Source: clamd(8), "COMMANDS".
var clamdVersion = pattern(`^ClamAV (?:devel-)?(\d+\.\d+(?:\.\d+)?)[^/\r\n]{0,60}(?:/(\d{1,8})/([A-Za-z0-9: ]{10,40}))?\r?\n`)

var spamdProtocol = Protocol{
	Name: "spamd", Transport: harrier.TCP, Ports: []uint16{783},
	Hello:  func(Target) []byte { return []byte("PING SPAMC/1.5\r\n\r\n") },
	Done:   oneLineDone,
	Reply:  spamdReply.Match,
	Banner: spamdReply.Match,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.s.Banner = printable(first)
		x.is("SpamAssassin spamd", "apache:spamassassin", "", firstLine(first))
		x.fact("spamd.protocol", strings.TrimPrefix(strings.Fields(firstLine(first))[0], "SPAMD/"))
	},
}

// The number is that of the protocol.
//
// Source: SpamAssassin, spamd/PROTOCOL.
var spamdReply = pattern(`^SPAMD/\d\.\d \d{1,2} [ -~]{1,200}\r\n`)

var icapProtocol = Protocol{
	Name: "icap", Transport: harrier.TCP, Ports: []uint16{1344, 11344},
	Hello: func(t Target) []byte {
		host := t.Addr.Unmap().WithZone("").String()
		if t.Addr.Is6() {
			host = "[" + host + "]"
		}
		return []byte("OPTIONS icap://" + host + "/ ICAP/1.0\r\nHost: " + host + "\r\nUser-Agent: Harrier\r\nEncapsulated: null-body=0\r\n\r\n")
	},
	Done:   headDone,
	Reply:  isICAP,
	Banner: isICAP,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		h := parseHTTPHead(first)
		x.s.Banner = printable(first)
		x.fact("icap.server", h.get("Server"))
		x.fact("icap.service", h.get("Service"))
		x.fact("icap.methods", h.get("Methods"))
		if !x.tell("icap", h.get("Server")) {
			x.tell("icap", h.get("Service"))
		}
	},
}

// Source: RFC 3507, sections 4.3.3 and 4.10.
func isICAP(b []byte) bool { return bytes.HasPrefix(b, []byte("ICAP/1.0 ")) }

var identProtocol = Protocol{
	Name: "ident", Transport: harrier.TCP, Ports: []uint16{113},
	Hello: func(t Target) []byte { return fmt.Appendf(nil, "%d, 6872\r\n", t.Port) },
	Done:  oneLineDone,
	Reply: identReply.Match,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) { x.s.Banner = printable(first) },
}

// Source: RFC 1413, section 6.
var identReply = pattern(`^\s*\d{1,5}\s*,\s*6872\s*:\s*(?:ERROR\s*:\s*(?:INVALID-PORT|NO-USER|HIDDEN-USER|UNKNOWN-ERROR|X[!-~]{1,63})|USERID\s*:[^\r\n]{1,200})\r?\n`)

var fingerProtocol = Protocol{
	Name: "finger", Transport: harrier.TCP, Ports: []uint16{79},
	Hello: func(Target) []byte { return []byte("\r\n") },
	Reply: fingerReply.Match,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.s.Banner = printable(first)
		x.fact("finger.users", yesNo(fingerUsers.Match(first)))
	},
}

// What servers list nobody or somebody with.
//
// Source: RFC 1288, section 2.5; the headings are those of finger(1) and of
// "show users" of routers.
var (
	fingerReply = pattern(`(?im)^\s*(?:login(?: name)?:?\s+(?:real )?name\b|no one (?:is )?logged (?:on|in)|line\s+user\s+host|user\s+real name\b|must provide username|finger: |please supply a username|user name required)`)
	fingerUsers = pattern(`(?im)^\s*(?:login(?: name)?:?\s+(?:real )?name|line\s+user\s+host|user\s+real name).*\n\s*\S`)
)

var gopherProtocol = Protocol{
	Name: "gopher", Transport: harrier.TCP, Ports: []uint16{70},
	Hello: func(Target) []byte { return []byte("\r\n") },
	Done:  func(b []byte) bool { return bytes.HasSuffix(b, []byte("\r\n.\r\n")) },
	Reply: gopherReply.Match,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) { x.s.Banner = printable(first) },
}

// Source: RFC 1436, sections 2 and 3.8: type, title, selector, host, port.
var gopherReply = pattern(`^[0-9+gIThis][^\t\r\n]{0,200}\t[^\t\r\n]{0,255}\t[^\t\r\n]{1,255}\t\d{1,5}(?:\t\+)?\r?\n`)

var gitProtocol = Protocol{
	Name: "git", Transport: harrier.TCP, Ports: []uint16{9418},
	Hello: func(t Target) []byte {
		host := t.Name
		if host == "" {
			host = t.Addr.Unmap().WithZone("").String()
		}
		return pktLine("git-upload-pack /\x00host=" + host + "\x00")
	},
	Done:  func(b []byte) bool { _, ok := parsePktLine(b); return ok },
	Reply: isGit,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		line, _ := parsePktLine(first)
		x.s.Banner = printable([]byte(line))
		x.s.Product = "git daemon"
		if m := gitAgent.FindStringSubmatch(line); m != nil {
			x.is("git daemon", "git-scm:git", m[1], m[0])
			x.fact("auth.required", "no")
		}
	},
}

// pktLine puts the length of a line in front of it.
//
// Source: Git documentation, gitprotocol-common(5), "pkt-line Format".
func pktLine(s string) []byte { return fmt.Appendf(nil, "%04x%s", len(s)+4, s) }

// parsePktLine reads the first line; false when it is not complete.
func parsePktLine(b []byte) (string, bool) {
	if len(b) < 5 {
		return "", false
	}
	n, err := strconv.ParseUint(string(b[:4]), 16, 16)
	if err != nil || n < 5 || int(n) > len(b) {
		return "", false
	}
	return string(b[4:n]), true
}

// isGit takes a refusal, or the first reference of a repository at the root.
func isGit(b []byte) bool {
	line, ok := parsePktLine(b)
	return ok && (strings.HasPrefix(line, "ERR ") || gitReference.MatchString(line))
}

var (
	gitReference = pattern(`^[0-9a-f]{40}(?:[0-9a-f]{24})? [!-~]{1,200}\x00`)
	gitAgent     = pattern(`\bagent=git/(\d+\.\d+\.\d+(?:\.\d+)?)`)
)

var cvsProtocol = Protocol{
	Name: "cvspserver", Transport: harrier.TCP, Ports: []uint16{2401},
	Hello:  func(Target) []byte { return []byte("\n") },
	Done:   oneLineDone,
	Reply:  isCVS,
	Banner: isCVS,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.s.Banner = printable(first)
		if bytes.HasPrefix(first, []byte("cvsnt")) {
			x.is("CVSNT", "march-hare:cvsnt", "", firstLine(first))
			return
		}
		x.is("CVS", "gnu:cvs", "", firstLine(first))
	},
}

// isCVS takes what a server says to one who does not begin to sign in.
func isCVS(b []byte) bool {
	return bytes.HasPrefix(b, []byte("cvs")) && bytes.Contains(b[:min(len(b), 64)], []byte("[pserver aborted]: "))
}

var zabbixAgentProtocol = Protocol{
	Name: "zabbix-agent", Transport: harrier.TCP, Ports: []uint16{10050},
	Hello: func(Target) []byte { return zabbixMessage("agent.version") },
	Done:  zabbixDone,
	Reply: func(b []byte) bool { text, ok := parseZabbix(b); return ok && !strings.HasPrefix(text, "{") },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		text, _ := parseZabbix(first)
		x.is("Zabbix agent", "zabbix:zabbix", "", text)
		x.s.Banner = printable([]byte(text))
		if zabbixVersion.MatchString(text) {
			x.is("Zabbix agent", "zabbix:zabbix", text, "agent.version "+text)
			x.fact("auth.required", "no")
		}
	},
}

var zabbixVersion = pattern(`^\d+\.\d+\.\d+(?:(?:alpha|beta|rc)\d+)?$`)

// zabbixTrapperProtocol is that of servers and proxies. The question, about
// their queue, is refused without a session, and leaves no trace.
var zabbixTrapperProtocol = Protocol{
	Name: "zabbix-trapper", Transport: harrier.TCP, Ports: []uint16{10051},
	Hello: func(Target) []byte { return zabbixMessage(`{"request":"queue.get","sid":"","type":"overview"}`) },
	Done:  zabbixDone,
	Reply: func(b []byte) bool { text, _ := parseZabbix(b); return strings.Contains(text, `"response":`) },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		text, _ := parseZabbix(first)
		x.s.Banner = printable([]byte(text))
		x.is("Zabbix server or proxy", "zabbix:zabbix", "", text)
	},
}

// zabbixMessage writes a message of the first protocol.
//
// Source: Zabbix manual, "Header".
func zabbixMessage(s string) []byte {
	return append([]byte("ZBXD\x01"+string(rune(len(s)))+"\x00\x00\x00\x00\x00\x00\x00"), s...)
}

func zabbixDone(b []byte) bool {
	c := cursor{b: b}
	c.skip(5)
	n := c.le32()
	c.skip(4)
	return !c.bad && uint64(len(c.b)) >= uint64(n)
}

// parseZabbix reads what a message says; those that are compressed are empty.
func parseZabbix(b []byte) (string, bool) {
	c := cursor{b: b}
	magic, flags := c.bytes(4), c.u8()
	n := c.le32()
	c.skip(4)
	if c.bad || string(magic) != "ZBXD" || flags&1 == 0 || flags > 7 || n > maxReply {
		return "", false
	}
	if flags&2 != 0 {
		return "", true
	}
	return strings.TrimRight(string(c.b[:min(len(c.b), int(n))]), "\x00\n"), true
}

// hadoopProtocol is the remote procedure call of Hadoop. It tells by HTTP that
// it is no HTTP, so that is what it is asked.
var hadoopProtocol = Protocol{
	Name: "hadoop-ipc", Transport: harrier.TCP, Ports: []uint16{8020, 9000, 8032, 8030, 8031, 8033, 50020, 9820},
	Hello:  func(Target) []byte { return []byte("GET / HTTP/1.0\r\n\r\n") },
	Reply:  isHadoop,
	Banner: isHadoop,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.s.Banner = printable(first)
		x.is("Apache Hadoop IPC", "apache:hadoop", "", "It looks like you are making an HTTP request to a Hadoop IPC port")
	},
}

func isHadoop(b []byte) bool {
	return bytes.HasPrefix(b, []byte("HTTP/1.1 404 ")) && bytes.Contains(b, []byte("an HTTP request to a Hadoop IPC port"))
}

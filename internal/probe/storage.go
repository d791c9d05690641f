package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

// The protocols of this file belong to storage: iSCSI, AFP and GlusterFS.

var iscsiProtocol = Protocol{
	Name: "iscsi", Transport: harrier.TCP, Ports: []uint16{3260, 860},
	Hello: func(Target) []byte {
		return iscsiRequest(0x43, 0x87, 1, "InitiatorName=iqn.2026-01.invalid.harrier:scan", "InitiatorAlias=harrier", "SessionType=Discovery", "AuthMethod=None,CHAP")
	},
	Done:  iscsiDone,
	Reply: func(b []byte) bool { return len(b) >= 48 && b[0] == 0x23 && iscsiDone(b) && b[2] == 0 && b[36] <= 3 },
	Learn: learnISCSI,
}

// iscsiRequest writes a PDU with text: a login (0x43) or text (0x04) request.
//
// Source: RFC 7143, sections 11.10 and 11.12.
func iscsiRequest(opcode, flags byte, command uint32, pairs ...string) []byte {
	text := strings.Join(pairs, "\x00") + "\x00"
	b := make([]byte, 48)
	b[0], b[1] = opcode, flags
	b[5], b[6], b[7] = byte(len(text)>>16), byte(len(text)>>8), byte(len(text))
	copy(b[8:], "\x80\x68\x72\x01") // the session's identifier; in a text request the LUN, zero
	if opcode != 0x43 {
		copy(b[8:], make([]byte, 4))
		binary.BigEndian.PutUint32(b[20:], 0xffffffff) // target transfer tag
	}
	binary.BigEndian.PutUint32(b[16:], command)
	binary.BigEndian.PutUint32(b[24:], command)
	b = append(b, text...)
	return append(b, make([]byte, -len(text)&3)...)
}

func iscsiSize(b []byte) int { return 48 + (int(b[5])<<16|int(b[6])<<8|int(b[7])+3)&^3 }

func iscsiDone(b []byte) bool { return len(b) >= 48 && len(b) >= iscsiSize(b) }

// iscsiPairs reads the "key=value" texts of a PDU.
func iscsiPairs(b []byte) [][2]string {
	if !iscsiDone(b) {
		return nil
	}
	var out [][2]string
	for text := range bytes.SplitSeq(b[48:iscsiSize(b)], []byte{0}) {
		if key, value, found := strings.Cut(string(text), "="); found && len(out) < 500 {
			out = append(out, [2]string{key, value})
		}
	}
	return out
}

// iscsiMakers are products by the naming authority in the names of their targets.
var iscsiMakers = []struct{ prefix, product string }{
	{"iqn.2000-01.com.synology:", "Synology iSCSI target"},
	{"iqn.2004-04.com.qnap:", "QNAP iSCSI target"},
	{"iqn.1992-08.com.netapp:", "NetApp iSCSI target"},
	{"iqn.2005-10.org.freenas.ctl", "FreeNAS iSCSI target"},
	{"iqn.1991-05.com.microsoft:", "Microsoft iSCSI target"},
	{"iqn.2003-01.org.linux-iscsi", "Linux LIO iSCSI target"},
	{"iqn.1992-04.com.emc:", "EMC iSCSI target"},
	{"iqn.2010-06.com.purestorage:", "Pure Storage iSCSI target"},
	{"iqn.2001-05.com.equallogic:", "Dell EqualLogic iSCSI target"},
	{"iqn.2003-10.com.lefthandnetworks:", "HPE LeftHand iSCSI target"},
	{"iqn.2004-08.jp.buffalo:", "Buffalo iSCSI target"},
	{"iqn.2002-10.com.infortrend:", "Infortrend iSCSI target"},
}

// learnISCSI reads the answer to the login and, where that needs no password,
// has the targets listed.
func learnISCSI(ctx context.Context, x *talk, first []byte, _ bool) {
	for _, p := range iscsiPairs(first) {
		if p[0] == "AuthMethod" {
			x.fact("iscsi.auth", p[1])
		}
		if p[0] == "TargetAlias" {
			x.fact("iscsi.alias", p[1])
		}
	}
	status := first[36]
	if status != 0 {
		x.fact("iscsi.status", fmt.Sprintf("%d.%d", first[36], first[37]))
		if first[36] == 2 && (first[37] == 1 || first[37] == 2) { // authentication failed, not authorized
			x.fact("auth.required", "yes")
		}
		return
	}
	b, authorized := x.iscsiTargets(ctx)
	x.fact("auth.required", yesNo(!authorized))
	var names, addresses []string
	for _, p := range iscsiPairs(b) {
		switch p[0] {
		case "TargetName":
			names = append(names, clip(clean(p[1]), 223))
		case "TargetAddress":
			addresses = append(addresses, clip(clean(p[1]), 128))
		}
	}
	x.fact("iscsi.targets", strings.Join(names, ","))
	x.fact("iscsi.addresses", strings.Join(addresses, ","))
	for _, name := range names {
		for _, maker := range iscsiMakers {
			if strings.HasPrefix(name, maker.prefix) && x.s.Product == "" {
				x.is(maker.product, "", "", "TargetName="+name)
			}
		}
	}
	x.fact("device.hint", "storage")
}

// iscsiTargets logs in as far as that goes without a password.
func (x *talk) iscsiTargets(ctx context.Context) (reply []byte, authorized bool) {
	w, err := x.open(ctx)
	if err != nil {
		return nil, false
	}
	defer w.Close()
	// From the security stage (0) or the operational one (1) to the full feature phase (3).
	login := iscsiRequest(0x43, 0x87, 1, "InitiatorName=iqn.2026-01.invalid.harrier:scan", "SessionType=Discovery", "AuthMethod=None", "HeaderDigest=None", "DataDigest=None")
	if b, err := w.ask(login, iscsiDone); err != nil || !iscsiDone(b) || b[0] != 0x23 || b[36] != 0 || b[1]&0x83 != 0x83 {
		return nil, false
	}
	reply, err = w.ask(iscsiRequest(0x04, 0x80, 2, "SendTargets=All"), iscsiDone)
	if err != nil || !iscsiDone(reply) || reply[0] != 0x24 {
		return nil, false
	}
	return reply, true
}

var afpProtocol = Protocol{
	Name: "afp", Transport: harrier.TCP, Ports: []uint16{548},
	// DSIGetStatus, of which no session is needed.
	Hello: func(Target) []byte {
		return []byte("\x00\x03\x68\x72\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	},
	Done: func(b []byte) bool {
		return len(b) >= 16 && uint64(len(b)) >= 16+uint64(binary.BigEndian.Uint32(b[8:]))
	},
	Reply: func(b []byte) bool { _, ok := parseAFP(b); return ok },
	Learn: learnAFP,
}

// afpServer is what a file server says of itself.
type afpServer struct {
	machine, name   string
	versions, logon []string
	signature       []byte
}

// parseAFP reads the information about a server.
//
// Source: Apple Filing Protocol Reference, "FPGetSrvrInfo" and "DSIGetStatus".
func parseAFP(b []byte) (afpServer, bool) {
	if len(b) < 16+10 || b[0] != 1 || b[1] != 3 || b[2] != 0x68 || b[3] != 0x72 || binary.BigEndian.Uint32(b[4:]) != 0 {
		return afpServer{}, false
	}
	info := b[16:]
	text := func(at int) (string, bool) {
		c := cursor{b: info}
		c.skip(at)
		s := c.bytes(c.u8())
		return string(s), !c.bad
	}
	list := func(at int) (out []string, ok bool) {
		c := cursor{b: info}
		c.skip(at)
		for n := c.u8(); n > 0 && n < 32 && !c.bad; n-- {
			out = append(out, string(c.bytes(c.u8())))
		}
		return out, !c.bad
	}
	offset := func(at int) int { return int(binary.BigEndian.Uint16(info[at:])) }
	var s afpServer
	var ok [4]bool
	s.machine, ok[0] = text(offset(0))
	s.versions, ok[1] = list(offset(2))
	s.logon, ok[2] = list(offset(4))
	s.name, ok[3] = text(10)
	if ok != [4]bool{true, true, true, true} || len(s.versions) == 0 || !strings.HasPrefix(s.versions[0], "AFP") {
		return afpServer{}, false
	}
	if at := (10 + 1 + len(s.name) + 1) &^ 1; offset(8)&0x10 != 0 && len(info) >= at+2 { // it has a signature
		c := cursor{b: info}
		c.skip(offset(at))
		s.signature = c.bytes(16)
	}
	return s, true
}

var netatalkMachine = pattern(`^Netatalk ?(\d+\.\d+(?:\.\d+)*)`)

func learnAFP(_ context.Context, x *talk, first []byte, _ bool) {
	s, _ := parseAFP(first)
	x.fact("afp.machine", s.machine)
	x.fact("afp.versions", strings.Join(s.versions, ","))
	x.fact("afp.logon", strings.Join(s.logon, ","))
	x.fact("host.name", s.name)
	if len(s.signature) > 0 && !bytes.Equal(s.signature, make([]byte, len(s.signature))) {
		x.fact("afp.signature", fmt.Sprintf("%x", s.signature))
	}
	for _, m := range s.logon {
		if m == "No User Authent" {
			x.fact("afp.guest", "yes")
		}
	}
	switch m := netatalkMachine.FindStringSubmatch(s.machine); {
	case m != nil:
		x.is("Netatalk", "netatalk:netatalk", m[1], s.machine)
	case strings.HasPrefix(s.machine, "Mac") || strings.HasPrefix(s.machine, "iMac") || strings.HasPrefix(s.machine, "Xserve"):
		x.is("Apple File Server", "", "", s.machine)
		x.fact("os.hint", "macOS")
	case strings.HasPrefix(s.machine, "TimeCapsule") || strings.HasPrefix(s.machine, "AirPort"):
		x.is("Apple "+strings.TrimRight(s.machine, "0123456789,"), "", "", s.machine)
		x.fact("device.hint", "storage")
	}
}

var glusterProtocol = Protocol{
	Name: "glusterfs", Transport: harrier.TCP, Ports: []uint16{24007, 24008},
	// Nothing is done by procedure 0 of the program "GlusterFS Handshake".
	Hello: func(Target) []byte { return rpcRecord(sunRPC(14398633, 2, 0)) },
	Done:  func(b []byte) bool { return len(b) >= 28 },
	Reply: isGluster,
	Learn: func(_ context.Context, x *talk, _ []byte, _ bool) {
		x.is("GlusterFS", "gluster:glusterfs", "", "RPC program 14398633")
		x.fact("device.hint", "storage")
	},
}

// isGluster takes a reply by which the program is known: accepted, and done.
func isGluster(b []byte) bool {
	c := cursor{b: b}
	mark, id, reply, accepted := c.be32(), c.be32(), c.be32(), c.be32()
	c.skip(8) // no credentials
	return !c.bad && mark&0x80000000 != 0 && id == glusterID && reply == 1 && accepted == 0 && c.be32() == 0 && !c.bad
}

// glusterID marks this protocol's calls.
const glusterID = 0x68720002

// sunRPC calls a procedure without arguments and credentials.
//
// Source: RFC 5531, section 9.
func sunRPC(program, version, procedure uint32) []byte {
	var b []byte
	for _, v := range []uint32{glusterID, 0, 2, program, version, procedure, 0, 0, 0, 0} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return b
}

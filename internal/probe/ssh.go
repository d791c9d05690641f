package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

var sshProtocol = Protocol{
	Name: "ssh", Transport: harrier.TCP, Ports: []uint16{22, 2222, 2022, 22022, 22222, 40022, 8022, 10022, 830},
	First:  true,
	Banner: func(b []byte) bool { return sshLine(b) != "" },
	Learn:  learnSSH,
}

// sshLine finds the identification line; other lines may come before it.
//
// Source: RFC 4253, section 4.2.
func sshLine(b []byte) string {
	for line := range strings.SplitSeq(string(b[:min(len(b), 4096)]), "\n") {
		if strings.HasPrefix(line, "SSH-") && strings.Count(line, "-") >= 2 {
			return strings.TrimRight(line, "\r")
		}
	}
	return ""
}

func learnSSH(ctx context.Context, x *talk, first []byte, _ bool) {
	line := sshLine(first)
	x.fact("ssh.version", line)
	if parts := strings.SplitN(line, "-", 3); len(parts) == 3 {
		x.tell("ssh", parts[2])
		x.s.Evidence = clip(oneLine(line), maxEvidence)
	}
	x.fact("ssh.protocols", sshProtocols(line))
	w, said := x.greeted(ctx, func(b []byte) bool { return sshLine(b) != "" }, first)
	x.s.Banner = printable([]byte(line))
	if w == nil {
		return
	}
	defer w.Close()
	k, ok := parseKexInit(said)
	if !ok {
		reply, _ := w.ask([]byte("SSH-2.0-Harrier\r\n"), func(b []byte) bool { // what came before a fault counts
			_, ok := parseKexInit(slices.Concat(said, b))
			return ok
		})
		if k, ok = parseKexInit(slices.Concat(said, reply)); !ok {
			return
		}
	}
	x.fact("ssh.kex", k.kex)
	x.fact("ssh.hostkeys", k.hostKeys)
	x.fact("ssh.ciphers", k.ciphers)
	x.fact("ssh.macs", k.macs)
	x.fact("ssh.compression", k.compression)
	if !x.Gentle {
		w.Close() // a server may let only one in
		x.sshKeys(ctx, k.hostKeys)
	}
}

// sshProtocols lists the versions of the protocol that a line stands for.
//
// Source: RFC 4253, section 5.1.
func sshProtocols(line string) string {
	switch {
	case strings.HasPrefix(line, "SSH-1.99-"):
		return "1,2"
	case strings.HasPrefix(line, "SSH-1."):
		return "1"
	case strings.HasPrefix(line, "SSH-2."):
		return "2"
	}
	return ""
}

// kexInit is the offer of an SSH server; lists are comma separated, those of
// both directions joined.
type kexInit struct{ kex, hostKeys, ciphers, macs, compression string }

// parseKexInit finds the key exchange offer behind the identification line.
//
// Source: RFC 4253, sections 6 and 7.1.
func parseKexInit(b []byte) (kexInit, bool) {
	at := bytes.Index(b, []byte("SSH-"))
	if at < 0 {
		return kexInit{}, false
	}
	end := bytes.IndexByte(b[at:], '\n')
	if end < 0 {
		return kexInit{}, false
	}
	b = b[at+end+1:]
	if len(b) < 6 {
		return kexInit{}, false
	}
	size, padding := binary.BigEndian.Uint32(b), int(b[4])
	if size > maxReply || int(size) < padding+18 || len(b) < 4+int(size) || b[5] != 20 {
		return kexInit{}, false
	}
	lists := b[6+16 : 4+int(size)-padding]
	var names [8]string
	for i := range names {
		if len(lists) < 4 {
			return kexInit{}, false
		}
		n := binary.BigEndian.Uint32(lists)
		if uint64(n) > uint64(len(lists)-4) {
			return kexInit{}, false
		}
		names[i], lists = string(lists[4:4+n]), lists[4+n:]
	}
	return kexInit{names[0], names[1], union(names[2], names[3]), union(names[4], names[5]), union(names[6], names[7])}, true
}

// union joins two comma separated lists without repeats.
func union(a, b string) string {
	seen := map[string]bool{}
	var out []string
	for _, list := range []string{a, b} {
		for name := range strings.SplitSeq(list, ",") {
			if name != "" && !seen[name] {
				seen[name] = true
				out = append(out, name)
			}
		}
	}
	return strings.Join(out, ",")
}

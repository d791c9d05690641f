package probe

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"
)

// learnWinRM begins to sign in to remote management where it usually lives, to
// be told the names of the machine.
//
// Source: MS-WSMV, section 2.2.9.1; RFC 4559, section 4.
func (x *talk) learnWinRM(ctx context.Context) {
	if x.Gentle || x.Port != 5985 && x.Port != 5986 && x.Port != 47001 {
		return
	}
	b, err := x.ask(ctx, []byte("POST /wsman HTTP/1.1\r\nHost: "+targetHost(x.Target)+":"+itoa(int(x.Port))+"\r\nUser-Agent: Harrier\r\nContent-Type: application/soap+xml;charset=UTF-8\r\n"+
		"Authorization: Negotiate "+base64.StdEncoding.EncodeToString(ntlmNegotiate)+"\r\nContent-Length: 0\r\n\r\n"), headDone)
	if err != nil || !bytes.HasPrefix(b, []byte("HTTP/1.1 401")) {
		return
	}
	for line := range strings.SplitSeq(string(b), "\n") {
		name, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		token, found := strings.CutPrefix(strings.TrimSpace(value), "Negotiate ")
		if !found || !strings.EqualFold(name, "WWW-Authenticate") {
			continue
		}
		if raw, err := base64.StdEncoding.DecodeString(token); err == nil {
			if n, ok := parseNTLM(raw); ok {
				x.fact("winrm", "yes")
				x.learnNTLM(n)
			}
		}
	}
}

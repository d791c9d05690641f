package probe

import (
	"bytes"
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

var rsyncProtocol = Protocol{
	Name: "rsync", Transport: harrier.TCP, Ports: []uint16{873, 10873},
	First:  true,
	Banner: func(b []byte) bool { return rsyncGreeting.Match(b) },
	Learn:  learnRsync,
}

// The greeting tells the version of the protocol, not of the program.
var rsyncGreeting = pattern(`^@RSYNCD: (\d{1,3}(?:\.\d{1,3})?)[ \n]`)

func learnRsync(ctx context.Context, x *talk, first []byte, _ bool) {
	m := rsyncGreeting.FindSubmatch(first)
	if m == nil {
		return
	}
	x.is("rsync", "samba:rsync", "", firstLine(first))
	x.fact("rsync.protocol", string(m[1]))
	w, _ := x.greeted(ctx, oneLineDone, first)
	if w == nil {
		return
	}
	defer w.Close()
	reply, err := w.ask([]byte("@RSYNCD: 31.0 md5 md4\n#list\n"), func(b []byte) bool {
		return bytes.Contains(b, []byte("@RSYNCD: EXIT"))
	})
	if err != nil {
		return
	}
	var modules []string
	for line := range strings.SplitSeq(string(reply), "\n") {
		name, _, found := strings.Cut(line, "\t")
		if name = strings.TrimSpace(name); found && name != "" && !strings.HasPrefix(line, "@") && len(modules) < 100 {
			modules = append(modules, name)
		}
	}
	x.fact("rsync.modules", strings.Join(modules, ","))
}

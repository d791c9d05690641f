package probe

import (
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

// vmwareProtocol is the daemon of ESXi, Server and Workstation that lets
// consoles in. It tells its own version, not that of the hypervisor.
var vmwareProtocol = Protocol{
	Name: "vmware-auth", Transport: harrier.TCP, Ports: []uint16{902, 903, 912},
	First:  true,
	Banner: vmwareGreeting.Match,
	Learn: func(ctx context.Context, x *talk, first []byte, _ bool) {
		line := firstLine(first)
		x.s.Banner = printable([]byte(line))
		x.is("VMware Authentication Daemon", "", string(vmwareGreeting.FindSubmatch(first)[1]), line)
		x.fact("vmware.ssl", yesNo(strings.Contains(line, "SSL Required")))
		x.fact("vmware.daemon", between(line, "ServerDaemonProtocol:", ","))
		x.fact("auth.required", "yes")
		if strings.Contains(line, "ServerDaemonProtocol") { // that of a desktop product is shorter
			x.fact("device.hint", "hypervisor")
		}
		if strings.Contains(line, "SSL Required") {
			x.starttls(ctx, "vmware-auth", func(w *wire) error { return converse(w, turn{"", oneLineDone, "220 VMware"}) })
		}
	},
}

var vmwareGreeting = pattern(`^220 VMware Authentication Daemon Version (\d{1,3}\.\d{1,3})(?:[:,. ]|\r|\n)`)

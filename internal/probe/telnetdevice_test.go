package probe

import (
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

func TestTelnetDevices(t *testing.T) {
	const options = "\xff\xfd\x18\xff\xfd\x20"
	identifyPeers(t, false, []peer{
		{
			"telnet of a router", 23, wiretest.Banner(options + "MikroTik v6.49.6 (stable)\r\nLogin: "),
			harrier.Service{Product: "MikroTik RouterOS telnetd", Version: "6.49.6"},
			map[string]string{"device.hint": "router", "os.hint": "MikroTik RouterOS 6.49.6"},
		},
		{"telnet of a printer", 23, wiretest.Banner(options + "HP JetDirect\r\nPassword is not set\r\n"), harrier.Service{Product: "HP JetDirect telnetd"}, map[string]string{"device.hint": "printer"}},
		{"telnet of Cisco", 23, wiretest.Banner(options + "\r\nUser Access Verification\r\n\r\nUsername: "), harrier.Service{Product: "Cisco telnetd"}, map[string]string{"os.hint": "Cisco IOS", "device.hint": ""}},
		{"telnet of a machine", 23, wiretest.Banner(options + "Debian GNU/Linux 12\r\ntarget login: "), harrier.Service{}, map[string]string{"device.hint": ""}},
	})
}

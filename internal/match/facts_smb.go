package match

import (
	"cmp"
	"strings"

	"github.com/harrier-scan/harrier"
)

// windowsFacts are about the protocols that Windows speaks.
var windowsFacts = []serviceFact{
	{harrier.Vulnerability{
		ID: 11011, Slug: "smb-detection", Name: "Microsoft Windows SMB Service Detection", Family: "Windows",
		Synopsis:    "A file sharing service listens on the port.",
		Description: "The service speaks the SMB protocol, which shares files and printers.",
	}, stateName("An SMB server answered on this port.", "smb", "microsoft-ds", "netbios-ssn")},
	{harrier.Vulnerability{
		ID: 10785, Slug: "smb-native-lanman", Name: "Microsoft Windows SMB NativeLanManager Remote System Information Disclosure", Family: "Windows",
		Synopsis:    "The SMB server tells about its system.",
		Description: "At the beginning of a session, an SMB server tells the names of its operating system, of its software and of its domain to whoever asks.",
	}, func(s harrier.Service) string {
		system, manager, domain := cmp.Or(s.Fact("smb.v1.os"), s.Fact("smb.os")), s.Fact("smb.v1.manager"), s.Fact("smb.domain")
		if s.Name != "smb" || system == "" && manager == "" {
			return ""
		}
		return labelled([2]string{"Operating system", system}, [2]string{"LAN manager", manager}, [2]string{"Domain name", domain})
	}},
	{harrier.Vulnerability{
		ID: 106716, Slug: "smb-dialects", Name: "Microsoft Windows SMB2 and SMB3 Dialects Supported (remote check)", Family: "Windows",
		Synopsis:    "Which dialects of SMB 2 and 3 the server speaks.",
		Description: "The server was offered every dialect of the protocol by itself, and agreed to these.",
	}, func(s harrier.Service) string {
		var spoken []string
		for _, d := range list(s.Fact("smb.dialects")) {
			if d != "1" {
				spoken = append(spoken, d)
			}
		}
		if len(spoken) == 0 {
			return ""
		}
		return "\nThe server speaks these dialects :\n\n  " + strings.Join(spoken, "\n  ") + "\n"
	}},
	{harrier.Vulnerability{
		ID: 10736, Slug: "dce-services", Name: "DCE Services Enumeration", Family: "Windows",
		Synopsis:    "A DCE/RPC service listens on the port.",
		Description: "The service takes part in DCE/RPC, by which Windows offers many of its functions over the network. What it tells without a sign-in is listed.",
		Solution:    "Let only those hosts reach the port that need it.",
	}, func(s harrier.Service) string {
		if s.Name != "msrpc" {
			return ""
		}
		text := "\nA DCE/RPC service answered on this port.\n"
		if addresses := list(s.Fact("msrpc.addresses")); len(addresses) > 0 {
			text += "\nIt is reached by these names and addresses :\n\n  " + strings.Join(addresses, "\n  ") + "\n"
		}
		return text
	}},
	{harrier.Vulnerability{
		ID: 10940, Slug: "rdp-detection", Name: "Windows Terminal Services Enabled", Family: "Windows",
		Synopsis:    "A remote desktop server listens on the port.",
		Description: "The service gives access to the desktop of the machine by RDP.",
		Solution:    "Turn the service off where nobody needs it, and let only those hosts reach it that do.",
	}, func(s harrier.Service) string {
		if s.Name != "rdp" {
			return ""
		}
		return "A remote desktop (RDP) server answered on this port.\n" +
			labelled([2]string{"Security", s.Fact("rdp.security")}, [2]string{"Security layers offered", s.Fact("rdp.protocols")}, [2]string{"Network level authentication needed", s.Fact("rdp.nla")})
	}},
}

// Package windows has the checks of services that Windows made common: file
// sharing and remote desktops.
package windows

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// Checks lists the checks of this package.
var Checks = []check.Check{SMBSigning, SMBv1, RDPWithoutNLA}

func smb(s harrier.Service) bool {
	return s.Name == "smb" || s.Name == "microsoft-ds" || s.Name == "netbios-ssn" && s.Protocol != harrier.UDP
}

// SMBSigning reports a file server that does not insist on signed messages.
var SMBSigning = check.Define(harrier.Vulnerability{
	ID: 57608, Slug: "smb-signing-not-required", Name: "SMB Signing not required", Family: "Misc.",
	Synopsis:    "The file server does not insist on signed messages.",
	Description: "Without a signature on each message, who is in the path can alter them or use the sign-in of another for himself.",
	Solution:    "Require signing: on Windows by the policy for digitally signed communication, on Samba by server signing = mandatory.",
	CWEs:        []int{345},
	References:  []string{"https://learn.microsoft.com/windows-server/storage/file-server/smb-signing-overview", "https://www.samba.org/samba/docs/current/man-html/smb.conf.5.html"},
}, check.Doubt, check.Check{
	Applies: smb, Quiet: true,
	Run: func(_ context.Context, t check.Target) (harrier.Verdict, string, error) {
		signing, err := t.Fact("smb.signing")
		switch {
		case err != nil:
			return harrier.Unknown, "", err
		case signing == "required":
			return harrier.Absent, "", nil
		case signing == "enabled" || signing == "disabled":
			return harrier.Present, "Signing is " + signing + ", but not required.", nil
		}
		return harrier.Unknown, "", fmt.Errorf("signing is %.40q", signing)
	},
})

// SMBv1 states that a file server speaks the first version of the protocol.
var SMBv1 = check.Define(harrier.Vulnerability{
	ID: 96982, Slug: "smb-v1", Name: "Server Message Block (SMB) Protocol Version 1 Enabled (uncredentialed check)", Family: "Misc.",
	Synopsis:    "The file server still speaks SMB version 1.",
	Description: "The first version of the protocol has no protection against tampering and is behind the worst worms of its time. Its maker asks everybody to stop using it.",
	Solution:    "Turn SMB version 1 off.",
	References:  []string{"https://learn.microsoft.com/windows-server/storage/file-server/troubleshoot/detect-enable-and-disable-smbv1-v2-v3"},
}, check.Fact, check.Check{
	Applies: smb, Quiet: true,
	Run: func(_ context.Context, t check.Target) (harrier.Verdict, string, error) {
		v1, err := t.Fact("smb.v1")
		switch {
		case err != nil:
			return harrier.Unknown, "", err
		case v1 == "yes":
			return harrier.Present, "The server agreed to speak SMB version 1.", nil
		case v1 == "no":
			return harrier.Absent, "", nil
		}
		return harrier.Unknown, "", fmt.Errorf("version 1 is %.40q", v1)
	},
})

// RDPWithoutNLA reports a remote desktop that shows its sign-in page to anybody.
var RDPWithoutNLA = check.Define(harrier.Vulnerability{
	ID: 58453, Slug: "rdp-nla-not-required", Name: "Terminal Services Doesn't Use Network Level Authentication (NLA) Only", Family: "Misc.",
	Synopsis:    "The remote desktop can be reached before signing in.",
	Description: "The server agrees to connections without network level authentication: strangers reach the session with its sign-in page, and so all faults in that part of the server.",
	Solution:    "Allow connections with network level authentication only.",
	CWEs:        []int{287},
	References:  []string{"https://learn.microsoft.com/openspecs/windows_protocols/ms-rdpbcgr/"},
}, check.Rating{V2: "AV:N/AC:M/Au:N/C:P/I:N/A:N", S2: 4.3, V3: "CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:C/C:L/I:N/A:N", S3: 4.0}, check.Check{
	Applies: func(s harrier.Service) bool {
		return s.Protocol != harrier.UDP && (s.Name == "rdp" || s.Name == "" && s.Port == 3389)
	},
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		reply, err := t.Ask(ctx, rdpRequest)
		if err != nil {
			return harrier.Unknown, "", err
		}
		return rdpAnswer(reply)
	},
})

// rdpRequest asks for a connection that is protected by TLS alone.
//
// Source: MS-RDPBCGR, section 2.2.1.1.
var rdpRequest = []byte{3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 1, 0, 0, 0}

// rdpAnswer reads the answer to rdpRequest.
//
// Source: MS-RDPBCGR, section 2.2.1.2.
func rdpAnswer(b []byte) (harrier.Verdict, string, error) {
	if len(b) < 11 || b[0] != 3 || b[5] != 0xd0 {
		return harrier.Unknown, "", fmt.Errorf("unexpected reply %q", check.FirstLine(b))
	}
	if len(b) < 19 { // a server from before this negotiation
		return harrier.Present, "The server connects without any negotiation of security.", nil
	}
	kind, value := b[11], binary.LittleEndian.Uint32(b[15:])
	switch {
	case kind == 2 && value <= 1: // it chose RDP's own security or TLS
		return harrier.Present, "The server agreed to a connection without network level authentication.", nil
	case kind == 3 && value == 5: // it wants CredSSP
		return harrier.Absent, "", nil
	case kind == 3 && (value == 2 || value == 3): // no TLS, or no certificate: RDP's own security only
		return harrier.Present, "The server protects connections by its own means only, without network level authentication.", nil
	}
	return harrier.Unknown, "", fmt.Errorf("unexpected answer of kind %d with %d", kind, value)
}

package match

import (
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
)

// sshFacts are about SSH servers.
var sshFacts = []serviceFact{
	{harrier.Vulnerability{
		ID: 10267, Slug: "ssh-server-type", Name: "SSH Server Type and Version Information", Family: "Service detection",
		Synopsis:    "The SSH server names itself.",
		Description: "The identification line that an SSH server sends first names its software and protocol versions.",
	}, func(s harrier.Service) string {
		version := s.Fact("ssh.version")
		if version == "" {
			return ""
		}
		text := "\nSSH version : " + version + "\n"
		if auth := s.Fact("ssh.auth"); auth != "" {
			text += "SSH supported authentication : " + auth + "\n"
		}
		if keys := list(s.Fact("ssh.hostkey")); len(keys) > 0 {
			text += "SSH host keys : " + strings.Join(keys, ", ") + "\n"
		}
		if banner := s.Fact("ssh.banner"); banner != "" {
			text += "SSH banner : \n" + banner + "\n"
		}
		return text
	}},
	{harrier.Vulnerability{
		ID: 10881, Slug: "ssh-protocol-versions", Name: "SSH Protocol Versions Supported", Family: "General",
		Synopsis:    "Which versions of the SSH protocol the server speaks.",
		Description: "The identification line of an SSH server says which protocol versions it accepts: 2.0 stands for version 2 alone, 1.99 for both.",
	}, sshProtocols},
	{harrier.Vulnerability{
		ID: 70657, Slug: "ssh-algorithms", Name: "SSH Algorithms and Languages Supported", Family: "Misc.",
		Synopsis:    "The algorithms that the SSH server offers.",
		Description: "Before keys are exchanged, an SSH server lists the algorithms that it is ready to use.",
	}, sshAlgorithms},
}

func sshProtocols(s harrier.Service) string {
	_, rest, ok := strings.Cut(s.Fact("ssh.version"), "SSH-")
	version, _, more := strings.Cut(rest, "-")
	switch {
	case !ok || !more:
		return ""
	case version == "1.99":
		return "\nThe server speaks these versions of the SSH protocol :\n\n  - 1.99\n  - 2.0\n"
	}
	return "\nThe server speaks this version of the SSH protocol :\n\n  - " + version + "\n"
}

func sshAlgorithms(s harrier.Service) string {
	var b strings.Builder
	for _, kind := range [][2]string{
		{"kex_algorithms", "ssh.kex"},
		{"server_host_key_algorithms", "ssh.hostkeys"},
		{"encryption_algorithms", "ssh.ciphers"},
		{"mac_algorithms", "ssh.macs"},
		{"compression_algorithms", "ssh.compression"},
	} {
		if names := list(s.Fact(kind[1])); len(names) > 0 {
			fmt.Fprintf(&b, "\nThe server offers for %s : \n\n  %s\n", kind[0], strings.Join(names, "\n  "))
		}
	}
	return b.String()
}

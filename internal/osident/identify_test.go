package osident

import (
	"testing"

	"github.com/harrier-scan/harrier"
)

func TestIdentify(t *testing.T) {
	service := func(name string, facts ...string) harrier.Service {
		s := harrier.Service{Name: name, Facts: map[string]string{}}
		for i := 0; i < len(facts); i += 2 {
			s.Facts[facts[i]] = facts[i+1]
		}
		return s
	}
	for _, c := range []struct {
		name     string
		services []harrier.Service
		os       string
		device   string
		method   string
	}{
		{"nothing", nil, "", "", ""},
		{"debian's ssh with its release", []harrier.Service{service("ssh", "ssh.version", "SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u10")}, "Debian GNU/Linux 12", "general-purpose", "SSH"},
		{"debian's ssh as first released", []harrier.Service{service("ssh", "ssh.version", "SSH-2.0-OpenSSH_8.4p1 Debian-5")}, "Debian GNU/Linux 11", "general-purpose", "SSH"},
		{"ubuntu", []harrier.Service{service("ssh", "ssh.version", "SSH-2.0-OpenSSH_8.9p1 Ubuntu-3ubuntu0.6")}, "Ubuntu 22.04", "general-purpose", "SSH"},
		{"an openssh without a mark", []harrier.Service{service("ssh", "ssh.version", "SSH-2.0-OpenSSH_9.2p1")}, "", "", ""},
		{"the agent is surer than a header", []harrier.Service{
			service("http", "os.hint", "Debian"), service("snmp", "snmp.sysdescr", "Cisco IOS Software, C2960 Software (C2960-LANBASEK9-M), Version 15.0(2)SE4, RELEASE SOFTWARE (fc1)"),
		}, "Cisco IOS 15.0(2)SE4", "switch", "SNMP"},
		{"windows by its build", []harrier.Service{service("smb", "smb.os", "Windows 10.0 build 17763")}, "Microsoft Windows 10 1809 or Server 2019", "general-purpose", "SMB"},
		{"a header", []harrier.Service{service("http", "os.hint", "Ubuntu")}, "Ubuntu", "general-purpose", "HTTP"},
		{"a printer", []harrier.Service{service("snmp", "snmp.sysdescr", "HP ETHERNET MULTI-ENVIRONMENT,ROM none")}, "HP JetDirect", "printer", "SNMP"},
		{"a login", []harrier.Service{service("telnet", "telnet.banner", "Debian GNU/Linux 12\nhost login:")}, "Debian GNU/Linux 12", "general-purpose", "TELNET"},
	} {
		h := Identify(harrier.Host{}, c.services)
		if h.OS != c.os || h.DeviceType != c.device || h.OSMethod != c.method {
			t.Errorf("%s: Identify = %q %q %q; want %q %q %q", c.name, h.OS, h.DeviceType, h.OSMethod, c.os, c.device, c.method)
		}
		if (h.OSConfidence > 0) != (c.os != "") || h.OSConfidence > 100 {
			t.Errorf("%s: confidence %d with OS %q", c.name, h.OSConfidence, h.OS)
		}
	}
}

func TestNames(t *testing.T) {
	cert := func(names ...string) harrier.Service {
		return harrier.Service{Name: "http", Certificates: []harrier.Certificate{{DNSNames: names}}}
	}
	smb := harrier.Service{Name: "smb", Facts: map[string]string{"smb.name": "server1", "smb.fqdn": "server1.corp.test"}}
	for _, c := range []struct {
		name          string
		services      []harrier.Service
		fqdn, netbios string
	}{
		{"one certificate", []harrier.Service{cert("a.test")}, "a.test", ""},
		{"two that agree", []harrier.Service{cert("a.test"), cert("A.test.")}, "a.test", ""},
		{"two that do not", []harrier.Service{cert("a.test"), cert("b.test")}, "", ""},
		{"a wildcard", []harrier.Service{cert("*.test.example")}, "", ""},
		{"a bare name", []harrier.Service{cert("localhost")}, "", ""},
		{"the machine's own word", []harrier.Service{cert("www.a.test"), smb}, "server1.corp.test", "SERVER1"},
	} {
		h := Identify(harrier.Host{}, c.services)
		if h.FQDN != c.fqdn || h.NetBIOS != c.netbios {
			t.Errorf("%s: Identify named it %q %q; want %q %q", c.name, h.FQDN, h.NetBIOS, c.fqdn, c.netbios)
		}
	}
	if h := Identify(harrier.Host{FQDN: "known.test", OS: "X", OSConfidence: 100}, []harrier.Service{smb}); h.FQDN != "known.test" || h.OS != "X" {
		t.Errorf("Identify replaced what was known: %+v", h)
	}
}

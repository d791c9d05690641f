package osident

import "strings"

// release is what one build number of Windows is called on both sides; "" where
// there is no such release.
type release struct{ client, server string }

// builds are the releases of Windows by build number.
//
// Source: Microsoft's lists of Windows and Windows Server release information.
var builds = map[string]release{
	"2195":  {client: "2000", server: "2000 Server"},
	"2600":  {client: "XP"},
	"3790":  {client: "XP x64", server: "Server 2003"},
	"6000":  {client: "Vista"},
	"6001":  {client: "Vista SP1", server: "Server 2008"},
	"6002":  {client: "Vista SP2", server: "Server 2008 SP2"},
	"6003":  {server: "Server 2008 SP2"},
	"7600":  {client: "7", server: "Server 2008 R2"},
	"7601":  {client: "7 SP1", server: "Server 2008 R2 SP1"},
	"9200":  {client: "8", server: "Server 2012"},
	"9600":  {client: "8.1", server: "Server 2012 R2"},
	"10240": {client: "10 1507"},
	"10586": {client: "10 1511"},
	"14393": {client: "10 1607", server: "Server 2016"},
	"15063": {client: "10 1703"},
	"16299": {client: "10 1709", server: "Server 1709"},
	"17134": {client: "10 1803", server: "Server 1803"},
	"17763": {client: "10 1809", server: "Server 2019"},
	"18362": {client: "10 1903", server: "Server 1903"},
	"18363": {client: "10 1909", server: "Server 1909"},
	"19041": {client: "10 2004", server: "Server 2004"},
	"19042": {client: "10 20H2", server: "Server 20H2"},
	"19043": {client: "10 21H1"},
	"19044": {client: "10 21H2"},
	"19045": {client: "10 22H2"},
	"20348": {server: "Server 2022"},
	"22000": {client: "11 21H2"},
	"22621": {client: "11 22H2"},
	"22631": {client: "11 23H2"},
	"25398": {server: "Server 23H2"},
	"26100": {client: "11 24H2", server: "Server 2025"},
	"26200": {client: "11 25H2"},
}

// windows names the release of a build and its CPE. What the build and the role
// do not tell is left open.
func windows(build string, r role) (name, id string) {
	any := registered("microsoft:windows", "")
	known := builds[build]
	switch {
	case known == release{} && build == "" && r == server:
		return "Microsoft Windows Server", any
	case known == release{} && build == "":
		return "Microsoft Windows", any
	case known == release{}:
		return "Microsoft Windows build " + build, any
	case known.client == "" || known.server != "" && r == server:
		return "Microsoft Windows " + known.server, windowsCPE(known.server)
	case known.server == "" || r == client:
		return "Microsoft Windows " + known.client, windowsCPE(known.client)
	}
	return "Microsoft Windows " + known.client + " or " + known.server, any
}

// windowsCPE is the CPE of a release as NVD names it: "windows_10_22h2",
// "windows_server_2019", "windows_server_2012" of version "r2".
func windowsCPE(name string) string {
	name, _, _ = strings.Cut(name, " SP")
	name, second := strings.CutSuffix(name, " R2")
	name = strings.TrimSuffix(strings.TrimSuffix(name, " x64"), " Server")
	version := ""
	if second {
		version = "r2"
	}
	return registered("microsoft:windows_"+strings.ToLower(strings.ReplaceAll(name, " ", "_")), version)
}

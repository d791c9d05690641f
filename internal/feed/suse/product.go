package suse

import "strings"

// Ecosystem is where a product's packages are installed, by the name that SUSE
// gives it: "SUSE Linux Enterprise Server 15 SP5" is "rpm/sles/15.5". Modules and
// extensions belong to the server of their release. Products under a longer
// contract and variants of the server have ecosystems of their own:
// "rpm/sles-ltss/15.3", "rpm/sles-sap/15.5". It is "" for what is no system, such
// as images and SUSE Manager.
func Ecosystem(product string) string {
	name := strings.TrimSpace(product)
	switch {
	case len(name) > 128:
		return ""
	case strings.EqualFold(name, "openSUSE Tumbleweed"):
		return "rpm/tumbleweed"
	}
	for _, p := range products {
		rest, ok := strings.CutPrefix(name, p.prefix)
		if !ok {
			continue
		}
		if p.skip {
			// The subject of a module: "Basesystem 15 SP5".
			at := strings.LastIndex(rest, " 1")
			if at < 0 {
				return ""
			}
			rest = rest[at+1:]
		}
		version, contract, ok := release(rest)
		if !ok {
			return ""
		}
		switch {
		case contract == "":
			return "rpm/" + p.name + "/" + version
		case p.name == "sles" && !p.skip:
			return "rpm/sles-" + contract + "/" + version
		}
		return ""
	}
	return ""
}

// products are tried in order.
var products = []struct {
	prefix, name string
	skip         bool // words stand before the release
}{
	{prefix: "SUSE Linux Enterprise Server for SAP Applications ", name: "sles-sap"},
	{prefix: "SUSE Linux Enterprise Server for SAP applications ", name: "sles-sap"},
	{prefix: "SUSE Linux Enterprise Server ", name: "sles"},
	{prefix: "SUSE Linux Enterprise Desktop ", name: "sled"},
	{prefix: "SUSE Linux Enterprise High Performance Computing ", name: "sle-hpc"},
	{prefix: "SUSE Linux Enterprise Real Time ", name: "sle-rt"},
	{prefix: "SUSE Linux Enterprise Module for ", name: "sles", skip: true},
	{prefix: "SUSE Linux Enterprise High Availability Extension ", name: "sles"},
	{prefix: "SUSE Linux Enterprise Workstation Extension ", name: "sles"},
	{prefix: "SUSE Linux Enterprise Software Development Kit ", name: "sles"},
	{prefix: "SUSE Package Hub ", name: "sles"},
	{prefix: "SUSE Linux Enterprise Micro ", name: "sle-micro"},
	{prefix: "SUSE Linux Micro ", name: "sle-micro"},
	{prefix: "openSUSE Leap Micro ", name: "leap-micro"},
	{prefix: "openSUSE Leap ", name: "leap"},
	{prefix: "openSUSE ", name: "opensuse"},
}

// release reads "15 SP5", "15.5", "12 SP4-LTSS", "11 SP4 LTSS" as a version of the
// kind that /etc/os-release has ("15.5") and the contract that it is under
// ("ltss"; "" for the general one).
func release(s string) (version, contract string, ok bool) {
	major, rest, _ := strings.Cut(s, " ")
	major, contract, _ = strings.Cut(major, "-") // "15-LTSS"
	if !number(major) {
		return "", "", false
	}
	if sp, is := strings.CutPrefix(rest, "SP"); is {
		sp, rest, _ = strings.Cut(strings.ReplaceAll(sp, " ", "-"), "-")
		if !number(sp) || strings.Contains(major, ".") {
			return "", "", false
		}
		major += "." + sp
	}
	if rest != "" {
		if contract != "" {
			return "", "", false
		}
		contract = rest
	}
	switch contract = strings.ToLower(contract); contract {
	case "", "ltss", "espos", "bcl":
		return major, contract, true
	}
	return "", "", false
}

func number(s string) bool {
	return s != "" && len(s) <= 16 && s[0] >= '0' && s[0] <= '9' && strings.Trim(s, "0123456789.") == ""
}

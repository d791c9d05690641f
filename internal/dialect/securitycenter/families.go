package securitycenter

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
)

// family is a plugin family under the number that this API has for it.
type family struct {
	id      int
	name    string
	passive bool
}

// activeFamilies are the names of the families by their number.
//
// Source: securitycenter-api.md, section 6.6.
var activeFamilies = []string{
	"N/A",
	"Red Hat Local Security Checks",
	"HP-UX Local Security Checks",
	"Debian Local Security Checks",
	"Solaris Local Security Checks",
	"Fedora Local Security Checks",
	"CGI abuses",
	"Gentoo Local Security Checks",
	"SuSE Local Security Checks",
	"AIX Local Security Checks",
	"Windows : Microsoft Bulletins",
	"Web Servers",
	"SMTP problems",
	"FreeBSD Local Security Checks",
	"Ubuntu Local Security Checks",
	"Slackware Local Security Checks",
	"Mandrake Local Security Checks",
	"Remote file access",
	"CentOS Local Security Checks",
	"FTP",
	"Windows",
	"MacOS X Local Security Checks",
	"Denial of Service",
	"Misc.",
	"Service detection",
	"Default Unix Accounts",
	"CGI abuses : XSS",
	"Gain root remotely",
	"RPC",
	"Windows : User management",
	"General",
	"Databases",
	"Peer-To-Peer File Sharing",
	"CISCO",
	"Firewalls",
	"Backdoors",
	"SCADA",
	"DNS",
	"Useless services",
	"Policy Compliance",
	"Gain a shell remotely",
	"Settings",
	"Port scanners",
	"Netware",
	"Finger abuses",
	"SNMP",
	"NIS",
	"Mandriva Local Security Checks",
	"VMware ESX Local Security Checks",
	"Brute force attacks",
	"Junos Local Security Checks",
	"Scientific Linux Local Security Checks",
	"Mobile Devices",
	"Oracle Linux Local Security Checks",
	"Amazon Linux Local Security Checks",
	"Palo Alto Local Security Checks",
	"Huawei Local Security Checks",
	"F5 Networks Local Security Checks",
	"OracleVM Local Security Checks",
	"Incident Response",
	"Virtuozzo Local Security Checks",
	"PhotonOS Local Security Checks",
}

// passiveFamilies are those of passive plugins, numbered from 1000001. Harrier
// has no such plugins; the families are known so that their numbers are.
var passiveFamilies = []string{
	"Backdoors", "CGI", "Database", "DNS Servers", "Finger", "FTP Servers",
	"Generic", "IMAP Servers", "Internet Messengers", "IRC Clients", "Operating System Detection", "Peer-To-Peer File Sharing",
	"POP Server", "RPC", "Samba", "SMTP Clients", "SMTP Servers", "SNMP Traps",
	"SSH", "Web Clients", "Web Servers", "Abuse", "Policy", "Data Leakage",
	"SCADA", "IRC Servers", "FTP Clients", "Internet Services", "Mobile Devices", "Malware",
	"Cloud Services", "SNMP", "IoT",
}

const (
	firstPassive = 1_000_001
	// firstOwn begins the numbers of the families that Harrier has beyond the
	// table: this and the family's own number.
	firstOwn = 100
)

// familyTable is every family by rising number: those of the table, and those
// that Harrier has beyond it. None is a plugin's number.
func (a api) familyTable(ctx context.Context) []family {
	out := make([]family, 0, len(activeFamilies)+len(passiveFamilies))
	for id, name := range activeFamilies {
		out = append(out, family{id: id, name: name})
	}
	for _, f := range a.Vulns.Families(ctx) {
		if !slices.Contains(activeFamilies, f.Name) {
			out = append(out, family{id: firstOwn + f.ID, name: f.Name})
		}
	}
	for i, name := range passiveFamilies {
		out = append(out, family{firstPassive + i, name, true})
	}
	slices.SortFunc(out, func(x, y family) int { return cmp.Compare(x.id, y.id) })
	return out
}

// familyNamed is the family of Harrier's with this name; N/A for one without a
// number.
func (a api) familyNamed(ctx context.Context, name string) family {
	if id := slices.Index(activeFamilies, name); id >= 0 {
		return family{id: id, name: name}
	}
	for _, f := range a.Vulns.Families(ctx) {
		if f.Name == name {
			return family{id: firstOwn + f.ID, name: name}
		}
	}
	return family{name: activeFamilies[0]}
}

// familyByID finds a family by its number.
func (a api) familyByID(ctx context.Context, id int) (family, bool) {
	for _, f := range a.familyTable(ctx) {
		if f.id == id {
			return f, true
		}
	}
	return family{}, false
}

func (f family) kind() string {
	if f.passive {
		return "passive"
	}
	return "active"
}

// familyRef is a family as a plugin names it.
type familyRef struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Type string `json:"type"`
}

func (f family) ref() familyRef { return familyRef{strconv.Itoa(f.id), f.name, f.kind()} }

// familyItem is a family in full.
//
// Source: securitycenter-api.md, section 6.4; count is a number.
type familyItem struct {
	ID      string       `json:"id"`
	Name    string       `json:"name"`
	Type    string       `json:"type"`
	Plugins []pluginName `json:"plugins"`
	Count   int          `json:"count"`
}

// pluginName is a plugin in a list.
type pluginName struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

func (a api) listFamilies(ctx context.Context, _ harrier.Actor, q *query) (any, error) {
	fields, only := []string{}, ""
	for _, f := range q.fields() {
		if f == "active" || f == "passive" { // no fields: they choose families
			only = f
			continue
		}
		fields = append(fields, f)
	}
	if len(fields) == 0 {
		fields = []string{"id", "name"}
	}
	counts := map[string]int{}
	for _, f := range a.Vulns.Families(ctx) {
		counts[f.Name] = f.Count
	}
	out := []any{}
	for _, f := range a.familyTable(ctx) {
		if only != "" && only != f.kind() {
			continue
		}
		item := familyItem{ID: strconv.Itoa(f.id), Name: f.name, Type: f.kind(), Plugins: []pluginName{}}
		if !f.passive {
			item.Count = counts[f.name]
		}
		if slices.Contains(fields, "plugins") {
			var err error
			if item.Plugins, err = a.pluginNames(ctx, f); err != nil {
				return nil, err
			}
		}
		out = append(out, pick(item, fields, "id"))
	}
	return out, nil
}

// getFamily answers with a family, or with the family of the plugin that has
// this number: clients ask so for the family of a plugin.
//
// Source: securitycenter-api.md, section 6.4.
func (a api) getFamily(ctx context.Context, _ harrier.Actor, q *query) (any, error) {
	f, ofPlugin, err := a.familyOrPlugin(ctx, q)
	if err != nil {
		return nil, err
	}
	item := familyItem{ID: strconv.Itoa(f.id), Name: f.name, Type: f.kind(), Plugins: []pluginName{}}
	if !ofPlugin {
		if item.Plugins, err = a.pluginNames(ctx, f); err != nil {
			return nil, err
		}
		item.Count = len(item.Plugins)
	}
	return pick(item, q.fields(), "id"), nil
}

func (a api) familyOrPlugin(ctx context.Context, q *query) (f family, ofPlugin bool, err error) {
	id, err := strconv.ParseInt(strings.TrimSpace(q.path("id")), 10, 32)
	if err != nil || id < 0 {
		return f, false, noObject("Plugin Family", q.path("id"), "get")
	}
	if f, found := a.familyByID(ctx, int(id)); found {
		return f, false, nil
	}
	v, err := a.Vulns.Vulnerability(ctx, harrier.VulnID(id))
	if err != nil {
		return f, false, missing(err, "Plugin Family", q.path("id"), "get")
	}
	return a.familyNamed(ctx, v.Family), true, nil
}

// pluginNames lists the plugins of a family. What content brings has no
// description in a list: it is read one by one.
func (a api) pluginNames(ctx context.Context, f family) ([]pluginName, error) {
	out := []pluginName{}
	if f.passive {
		return out, nil
	}
	for _, own := range a.Vulns.Families(ctx) {
		if own.Name != f.name {
			continue
		}
		_, list, err := a.Vulns.Family(ctx, own.ID)
		if err != nil {
			return nil, err
		}
		for _, v := range list {
			n := pluginName{ID: vid(v.ID), Name: v.Name}
			if !v.ID.OfContent() {
				if whole, found := a.Vulns.Lookup(v.ID); found {
					n.Description = whole.Description
				}
			}
			out = append(out, n)
		}
	}
	return out, nil
}

func (a api) listFamilyPlugins(ctx context.Context, _ harrier.Actor, q *query) (any, error) {
	f, _, err := a.familyOrPlugin(ctx, q)
	if err != nil {
		return nil, err
	}
	return a.findPlugins(ctx, q, &f)
}

// vid is the number of a plugin as this API writes it.
func vid(id harrier.VulnID) string { return strconv.Itoa(int(id)) }

package nessus

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	nessusfile "github.com/harrier-scan/harrier/internal/format/nessus"
)

// policyItem is a policy in a list.
//
// Source: nessus-api.md, section 6.3; no_target is a text.
type policyItem struct {
	ID              harrier.ID    `json:"id"`
	TemplateUUID    string        `json:"template_uuid"`
	Name            string        `json:"name"`
	Description     *string       `json:"description"`
	Owner           string        `json:"owner"`
	OwnerID         harrier.ID    `json:"owner_id"`
	Shared          int           `json:"shared"`
	UserPermissions harrier.Level `json:"user_permissions"`
	Created         int64         `json:"creation_date"`
	Modified        int64         `json:"last_modification_date"`
	Visibility      string        `json:"visibility"`
	NoTarget        string        `json:"no_target"`
	IsAgent         *bool         `json:"is_agent"`
	IsSCAP          int           `json:"is_scap"`
	HasCredentials  int           `json:"has_credentials"`
}

func (a api) newPolicyItem(by harrier.Actor, p harrier.Policy, names *names) policyItem {
	w := policyItem{
		ID: p.ID, TemplateUUID: templateByName(p.Template).uuid, Name: p.Name, Description: orNull(p.Description),
		Owner: names.of(p.Owner), OwnerID: p.Owner, Shared: zeroOne(len(p.Grants) > 0), UserPermissions: a.Policies.Level(by, p),
		Created: unix(p.Created), Modified: unix(p.Modified), Visibility: "private", NoTarget: "false", HasCredentials: zeroOne(len(p.Credentials) > 0),
	}
	if len(p.Grants) > 0 {
		w.Visibility = "shared"
	}
	return w
}

// policiesReply is the answer of GET /policies; its list is never null.
type policiesReply struct {
	Policies []policyItem `json:"policies"`
}

func (a api) listPolicies(ctx context.Context, by harrier.Actor, _ struct{}) (policiesReply, error) {
	list, err := a.Policies.Policies(ctx, by)
	reply, names := policiesReply{Policies: []policyItem{}}, a.names(ctx)
	for _, p := range list {
		reply.Policies = append(reply.Policies, a.newPolicyItem(by, p, names))
	}
	return reply, err
}

// policySettings are the settings of a policy that are no scan's.
type policySettings struct {
	Name        *kit.Text       `json:"name"`
	Description *kit.Text       `json:"description"`
	ACLs        json.RawMessage `json:"acls"`
	Targets     json.RawMessage `json:"text_targets"` // a policy has none
	Files       json.RawMessage `json:"file_targets"`
}

var policySettingNames = kit.Keys[policySettings]()

func isPolicySetting(name string) bool { return slices.Contains(policySettingNames, name) }

// policyReply names a new policy: its name may differ from the one that was
// asked for.
type policyReply struct {
	ID   harrier.ID `json:"policy_id"`
	Name string     `json:"policy_name"`
}

func (a api) createPolicy(ctx context.Context, by harrier.Actor, q scanRequest) (policyReply, error) {
	id, t, err := a.roomTemplate(string(q.UUID))
	if err != nil {
		return policyReply{}, err
	}
	if id.scanOnly {
		return policyReply{}, harrier.Invalidf("uuid", "no policy can be made from the template %q", id.name)
	}
	p := copyOf(t.Policy(""))
	p.Template = id.name
	if err := a.changePolicy(ctx, &p, q); err != nil {
		return policyReply{}, err
	}
	err = a.Policies.Create(ctx, by, &p)
	return policyReply{p.ID, p.Name}, err
}

// changePolicy puts what a request gives into p.
func (a api) changePolicy(ctx context.Context, p *harrier.Policy, q scanRequest) error {
	var set policySettings
	if err := kit.Fill(q.Settings, &set); err != nil {
		return err
	}
	if set.Name != nil {
		p.Name = strings.TrimSpace(string(*set.Name))
	}
	if set.Description != nil {
		p.Description = string(*set.Description)
	}
	if len(set.ACLs) > 0 {
		grants, err := grantsOf(set.ACLs)
		if err != nil {
			return err
		}
		p.Grants = grants
	}
	if err := applySettings(p, q.Settings, isPolicySetting); err != nil {
		return err
	}
	if err := applyFamilies(&p.Checks, q.Plugins, a.familyOf(ctx)); err != nil {
		return err
	}
	return q.Credentials.apply(p)
}

// policyDetails is the answer of GET /policies/{id}, in the form in which it
// may be written back.
type policyDetails struct {
	UUID        string                                 `json:"uuid"`
	Settings    map[string]any                         `json:"settings"`
	Plugins     map[string]policyFamily                `json:"plugins"`
	Credentials map[string]map[string][]map[string]any `json:"credentials,omitempty"`
}

func (a api) getPolicy(ctx context.Context, by harrier.Actor, q byID) (policyDetails, error) {
	p, err := a.Policies.Policy(ctx, by, q.ID)
	if err != nil {
		return policyDetails{}, err
	}
	reply := policyDetails{
		UUID: templateByName(p.Template).uuid, Settings: settingsOf(p),
		Plugins: policyFamilies(p.Checks, a.Vulns.Families(ctx), a.Vulns.All(ctx), a.Vulns.ContentCounts(ctx)), Credentials: credentialsOf(p),
	}
	reply.Settings["name"], reply.Settings["description"] = p.Name, p.Description
	reply.Settings["acls"] = a.acls(ctx, by, p.Owner, p.Grants)
	return reply, nil
}

// policyUpdate is a PUT /policies/{id}: what is not given stays.
type policyUpdate struct {
	byID
	scanRequest
}

func (a api) updatePolicy(ctx context.Context, by harrier.Actor, q policyUpdate) (kit.Empty, error) {
	p, err := a.Policies.Policy(ctx, by, q.ID)
	if err != nil {
		return kit.Empty{}, err
	}
	if err := a.changePolicy(ctx, &p, q.scanRequest); err != nil {
		return kit.Empty{}, err
	}
	return kit.Empty{}, a.Policies.Update(ctx, by, &p)
}

func (a api) deletePolicy(ctx context.Context, by harrier.Actor, q byID) (kit.Empty, error) {
	return kit.Empty{}, a.Policies.Delete(ctx, by, q.ID)
}

func (a api) deletePolicies(ctx context.Context, by harrier.Actor, q byIDs) (deletedReply, error) {
	return deleteEach(q.IDs, func(id harrier.ID) error { return a.Policies.Delete(ctx, by, id) })
}

// copyReply names a copied policy.
type copyReply struct {
	ID   harrier.ID `json:"id"`
	Name string     `json:"name"`
}

func (a api) copyPolicyByID(ctx context.Context, by harrier.Actor, q byID) (copyReply, error) {
	p, err := a.Policies.Copy(ctx, by, q.ID)
	return copyReply{p.ID, p.Name}, err
}

// policyFile is a policy as a .nessus file.
func (a api) policyFile(ctx context.Context, by harrier.Actor, id harrier.ID) (name, body string, err error) {
	p, err := a.Policies.Policy(ctx, by, id)
	if err != nil {
		return "", "", err
	}
	fs := a.formatScan(ctx, harrier.Scan{Plan: harrier.Plan{Settings: p.Settings}, PolicyName: p.Name})
	fs.Policy, fs.Options = p, map[string]string{"template_uuid": templateByName(p.Template).uuid, "whoami": by.Name}
	var b strings.Builder
	err = nessusfile.WritePolicy(&b, fs)
	return "nessus_policy_" + safeName(p.Name) + ".nessus", b.String(), err
}

func (a api) exportPolicy(ctx context.Context, by harrier.Actor, q byID) (kit.File, error) {
	name, body, err := a.policyFile(ctx, by, q.ID)
	return preparedFile{name: name, body: body}.file(), err
}

// tokenReply is the right to fetch a file.
type tokenReply struct {
	Token string `json:"token"`
}

func (a api) preparePolicy(ctx context.Context, by harrier.Actor, q byID) (tokenReply, error) {
	name, body, err := a.policyFile(ctx, by, q.ID)
	if err != nil {
		return tokenReply{}, err
	}
	return tokenReply{a.prepared.put(name, body)}, nil
}

// importRequest names an uploaded file.
type importRequest struct {
	File     kit.Text `json:"file"`
	Password kit.Text `json:"password"`
	Folder   *kit.Int `json:"folder_id"`
}

// importedPolicy is the answer of POST /policies/import.
type importedPolicy struct {
	policyItem
	Private int `json:"private"`
}

var errHeaderRead = errors.New("the header was read")

func (a api) importPolicy(ctx context.Context, by harrier.Actor, q importRequest) (importedPolicy, error) {
	f, err := a.openUpload(ctx, by, q)
	if err != nil {
		return importedPolicy{}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	var p harrier.Policy
	err = nessusfile.Read(f, func(h nessusfile.Header) error {
		p = a.policyOf(ctx, h.Policy)
		return nil
	}, func(nessusfile.ReadHost) error { return errHeaderRead })
	if err != nil && !errors.Is(err, errHeaderRead) {
		return importedPolicy{}, err
	}
	if err := a.Policies.Create(ctx, by, &p); err != nil {
		return importedPolicy{}, err
	}
	return importedPolicy{policyItem: a.newPolicyItem(by, p, a.names(ctx))}, nil
}

func (a api) openUpload(ctx context.Context, by harrier.Actor, q importRequest) (io.ReadCloser, error) {
	if q.File == "" {
		return nil, harrier.Invalidf("file", "is needed: the name of an uploaded file")
	}
	f, err := a.Reports.OpenUpload(ctx, by, string(q.File))
	return f, whenMissing(err, harrier.Invalidf("file", "there is no uploaded file %q", q.File))
}

// filePreferences gives the settings that a policy file has under another name.
//
// Source: nessus-api.md, section 15.2.
var filePreferences = map[string]string{
	"port_range": "portscan_range", "max_hosts": "max_hosts_per_scan", "max_checks": "max_checks_per_host",
	"checks_read_timeout": "network_receive_timeout", "portscan.ping": "ping_the_remote_host",
	"network_scanners.syn": "syn_scanner", "network_scanners.tcp": "tcp_scanner", "network_scanners.udp": "udp_scanner",
	"host.max_simult_tcp_sessions": "max_simult_tcp_sessions_per_host", "max_simult_tcp_sessions": "max_simult_tcp_sessions_per_scan",
}

// pluginSettings gives the settings that belong to a plugin in a file.
var pluginSettings = map[string]string{
	"Ping the remote host[checkbox]:Test the local Nessus host":                 "test_local_nessus_host",
	"Ping the remote host[checkbox]:Fast network discovery":                     "fast_network_discovery",
	"Ping the remote host[checkbox]:Do an ARP ping":                             "arp_ping",
	"Ping the remote host[checkbox]:Do an ICMP ping":                            "icmp_ping",
	"Ping the remote host[entry]:Number of retries (ICMP) :":                    "icmp_ping_retries",
	"Ping the remote host[checkbox]:Interpret ICMP unreach from gateway":        "icmp_unreach_means_host_down",
	"Ping the remote host[checkbox]:Do a TCP ping":                              "tcp_ping",
	"Ping the remote host[entry]:TCP ping destination port(s) :":                "tcp_ping_dest_ports",
	"Ping the remote host[checkbox]:Do an applicative UDP ping (DNS,RPC...)":    "udp_ping",
	"Ping the remote host[checkbox]:Make the dead hosts appear in the report":   "display_unreachable_hosts",
	"Global variable settings[radio]:Report paranoia":                           "report_paranoia",
	"Do not scan fragile devices[checkbox]:Scan Network Printers":               "scan_network_printers",
	"Do not scan fragile devices[checkbox]:Scan Operational Technology devices": "scan_ot_devices",
}

// ofTheRun are the preferences of a file that speak of the run it came from,
// not of the policy.
var ofTheRun = []string{
	"whoami", "scan_name", "scan_description", "description", "TARGET", "scan_start_timestamp", "scan_end_timestamp", "plugin_set", "loaded_plugin_set",
	"name", "severity_basis", "report_task_id", "wizard_uuid", "policy_uuid", "visibility", "feed_type", "discovery_mode", "advanced_mode",
}

// policyOf translates the policy of a file. A value that this server can not
// follow is kept as it is, to be given back.
func (a api) policyOf(ctx context.Context, file nessusfile.Policy) harrier.Policy {
	p := harrier.Policy{Name: file.Name, Description: file.Comments, Template: "advanced"}
	if id, ok := templateByUUID(file.Preferences["wizard_uuid"]); ok {
		p.Template = id.name
	}
	given := map[string]string{}
	for name, v := range file.Preferences {
		if to, ok := filePreferences[name]; ok {
			name = to
		}
		if !slices.Contains(ofTheRun, name) && v != "" {
			given[name] = v
		}
	}
	for _, pref := range file.Plugins {
		if name, ok := pluginSettings[pref.FullName]; ok {
			value, _, _ := strings.Cut(pref.Selected, ";")
			if name == "tcp_ping_dest_ports" {
				value = strings.ReplaceAll(pref.Selected, ";", ",")
			}
			given[name] = value
		}
	}
	if given["ping_the_remote_host"] == "no" { // the file then says no to each way too
		for _, way := range []string{"arp_ping", "icmp_ping", "tcp_ping", "udp_ping"} {
			delete(given, way)
		}
	}
	if p.Template == "discovery" { // nor is a port scanner on then
		delete(given, "syn_scanner")
		delete(given, "tcp_scanner")
		given["discovery_mode"] = "host_enumeration"
	}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		raw, err := kit.Marshal(given[name])
		if err != nil {
			continue
		}
		one := map[string]json.RawMessage{name: raw}
		if applySettings(&p, one, func(string) bool { return false }) != nil {
			if p.Preferences == nil {
				p.Preferences = map[string]string{}
			}
			p.Preferences[name] = given[name]
		}
	}
	choices := map[string]familyChoice{}
	for name, state := range file.Families {
		choices[name] = familyChoice{Status: kit.Text(state)}
	}
	for id, state := range file.Single {
		family := a.familyOf(ctx)(id)
		c := choices[family]
		if c.Individual == nil {
			c.Individual = map[string]kit.Text{}
		}
		c.Individual[itoa(int(id))] = kit.Text(state)
		choices[family] = c
	}
	if err := applyFamilies(&p.Checks, choices, a.familyOf(ctx)); err != nil {
		a.Log.WarnContext(ctx, "plugin families of a file not taken over", "err", err)
	}
	return p
}

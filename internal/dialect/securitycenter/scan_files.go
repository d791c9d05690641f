package securitycenter

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/format"
	nessusfile "github.com/harrier-scan/harrier/internal/format/nessus"
)

// downloadResult streams a run as a zip file that holds one .nessus file.
//
// Source: securitycenter-api.md, section 9.2 and trap 20.
func (a api) downloadResult(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	_, sc, err := a.result(ctx, by, q, "download")
	if err != nil {
		return nil, err
	}
	switch kind := cmp.Or(q.param("downloadType"), "v2"); {
	case kind != "v2":
		return nil, harrier.Errorf(harrier.Invalid, "There is no download of type '%s' (valid types: v2).", cut(kind, 40))
	case !sc.Status.Ended():
		return nil, harrier.Errorf(harrier.Invalid, "Unable to download Scan Result #%d.\nIt is not finished.", sc.ID)
	}
	name := sid(sc.ID)
	from, to := io.Pipe()
	go func() {
		out := bufio.NewWriterSize(to, 64<<10)
		archive := zip.NewWriter(out)
		file, err := archive.Create(name + ".nessus")
		if err == nil {
			err = a.Reports.Write(ctx, by, file, sc.ID, nessusfile.Format.Name, map[string]string{"whoami": by.Name})
		}
		_ = to.CloseWithError(errors.Join(err, archive.Close(), out.Flush())) // always nil
	}()
	return kit.File{Name: name + "-nessus.zip", Type: "application/zip", Size: -1, Body: from}, nil
}

// maxUnpacked is how long the file within an uploaded zip file may be.
const maxUnpacked = 4 << 30

// upload is an uploaded .nessus file, unpacked when it came in a zip file.
type upload struct {
	io.Reader
	file io.Closer
}

// Close closes the file.
func (u upload) Close() error { return u.file.Close() }

// openUpload opens a file that by has uploaded.
func (a api) openUpload(ctx context.Context, by harrier.Actor, name string) (upload, error) {
	if name == "" {
		return upload{}, harrier.Errorf(harrier.Invalid, "The 'filename' parameter is required.")
	}
	f, err := a.Reports.OpenUpload(ctx, by, name)
	if err != nil {
		if harrier.KindOf(err) == harrier.NotFound {
			return upload{}, harrier.Errorf(harrier.Invalid, "There is no uploaded file '%s'.", cut(name, 64))
		}
		return upload{}, err
	}
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if err != nil && n < len(head) || string(head) != "PK\x03\x04" {
		return upload{io.MultiReader(bytes.NewReader(head[:n]), f), f}, nil
	}
	at, ok := f.(interface {
		io.ReaderAt
		io.Seeker
	})
	if !ok {
		_ = f.Close() // it was only read
		return upload{}, harrier.Errorf(harrier.Invalid, "The file can not be unpacked.")
	}
	inner, err := unpack(at)
	if err != nil {
		_ = f.Close() // it was only read
		return upload{}, err
	}
	return upload{inner, f}, nil
}

// unpack opens the one file that a zip file holds.
func unpack(f interface {
	io.ReaderAt
	io.Seeker
},
) (io.Reader, error) {
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	one, err := kit.OneFile(f, size, maxUnpacked)
	if err != nil {
		return nil, err
	}
	inner, err := one.Open()
	if err != nil {
		return nil, harrier.Errorf(harrier.Invalid, "The file is a broken zip file.").Because(err)
	}
	return io.LimitReader(inner, maxUnpacked), nil
}

// importResult takes the results of a .nessus file over as a finished run.
// Plugins that are not known here are learnt from the file.
func (a api) importResult(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var r scanRequest
	if err := q.body(&r); err != nil {
		return nil, err
	}
	kept := map[string]string{givenExternal: sbool(true)}
	if err := r.options(kept); err != nil {
		return nil, err
	}
	if r.Repository <= 0 {
		return nil, harrier.Errorf(harrier.Invalid, "The 'repository' parameter is required.")
	}
	if _, err := a.repositoryRef(ctx, by, harrier.ID(r.Repository)); err != nil {
		return nil, err
	}
	terms, err := termsOf(kept)
	if err != nil {
		return nil, err
	}
	head, err := a.readHead(ctx, by, q.param("filename"))
	if err != nil {
		return nil, err
	}
	if head.Report == "" {
		return nil, harrier.Errorf(harrier.Invalid, "The file has no results: it is a policy.")
	}
	if !by.May(harrier.EditSites) {
		return nil, notAllowed("you may not import scan results")
	}
	f, err := a.openUpload(ctx, by, q.param("filename"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	p := a.policyOf(head.Policy)
	p.Hidden, p.Name = true, cmp.Or(p.Name, head.Report)
	if err := a.Policies.Create(ctx, by, &p); err != nil {
		return nil, err
	}
	s := harrier.Site{Name: head.Report, Repository: harrier.ID(r.Repository), Policy: p.ID, Options: harrier.SiteOptions{Given: kept}}
	said := harrier.Scan{
		Name: head.Report, Targets: head.Policy.Preferences["TARGET"], PolicyID: p.ID, PolicyName: p.Name, Template: p.Template,
		Plan: harrier.Plan{Settings: p.Settings}, Terms: harrier.Terms{TrackMoved: terms.TrackMoved, VirtualHosts: terms.VirtualHosts}, Started: kit.NessusTime(head.Policy, "scan_start_timestamp"), Ended: kit.NessusTime(head.Policy, "scan_end_timestamp"),
	}
	if _, err = a.ImportNessus(ctx, by, &s, said, f); err != nil {
		if undo := a.Policies.Delete(context.WithoutCancel(ctx), by, p.ID); undo != nil {
			a.Log.ErrorContext(ctx, "private policy left over", "policy", p.ID, "err", undo)
		}
	}
	return nil, err
}

// readHead reads what a file says of itself.
func (a api) readHead(ctx context.Context, by harrier.Actor, name string) (nessusfile.Header, error) {
	f, err := a.openUpload(ctx, by, name)
	if err != nil {
		return nessusfile.Header{}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return kit.NessusHead(f)
}

var errEnough = errors.New("no more is wanted")

// exportPolicy is a policy as a .nessus file without results.
func (a api) exportPolicy(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	p, err := a.policy(ctx, by, q.id(), "export")
	if err != nil {
		return nil, err
	}
	fs := format.Scan{
		Scan: harrier.Scan{Plan: harrier.Plan{Settings: p.Settings}, PolicyName: p.Name}, Policy: p, Version: a.Version,
		Vulnerability: a.Vulns.Lookup, Families: func() []harrier.Family { return a.Vulns.Families(ctx) }, Options: map[string]string{"whoami": by.Name},
	}
	var b bytes.Buffer
	if err := nessusfile.WritePolicy(&b, fs); err != nil {
		return nil, err
	}
	return kit.File{Name: "policy." + sid(p.ID) + ".1.xml", Type: "text/xml", Size: int64(b.Len()), Body: io.NopCloser(&b)}, nil
}

func (a api) importPolicy(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	var r policyRequest
	if err := q.body(&r); err != nil {
		return nil, err
	}
	f, err := a.openUpload(ctx, by, q.param("filename"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	var p harrier.Policy
	err = nessusfile.Read(f, func(h nessusfile.Header) error {
		p = a.policyOf(h.Policy)
		return nil
	}, func(nessusfile.ReadHost) error { return errEnough })
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	only := policyRequest{Name: r.Name, Description: r.Description, Tags: r.Tags}
	if err := only.apply(ctx, a, by, &p, p.Checks, p.Settings); err != nil {
		return nil, err
	}
	if err := a.Policies.Create(ctx, by, &p); err != nil {
		return nil, err
	}
	return a.newPolicy(ctx, by, p, true)
}

// fileNames are the names that a policy file has for preferences.
//
// Source: nessus-api.md, section 15.2.
var fileNames = map[string]string{
	"network_scanners.syn": "syn_scanner", "network_scanners.tcp": "tcp_scanner", "network_scanners.udp": "udp_scanner", "portscan.ping": "ping_the_remote_host",
}

// fromPlugins are the preferences that belong to a plugin in a policy file, by
// the end of their name.
var fromPlugins = map[string]string{
	"Test the local Nessus host": "test_local_nessus_host", "Fast network discovery": "fast_network_discovery", "Do an ARP ping": "arp_ping",
	"Do an ICMP ping": "icmp_ping", "Number of retries (ICMP) :": "icmp_ping_retries", "Interpret ICMP unreach from gateway": "icmp_unreach_means_host_down",
	"Do a TCP ping": "tcp_ping", "TCP ping destination port(s) :": "tcp_ping_dest_ports", "Do an applicative UDP ping (DNS,RPC...)": "udp_ping",
	"Make the dead hosts appear in the report": "display_unreachable_hosts", "Report paranoia": "report_paranoia", "Scan Network Printers": "scan_network_printers",
	"Scan Operational Technology devices": "scan_ot_devices",
}

// policyOf translates the policy of a file. A preference that can not be
// followed is left out.
func (a api) policyOf(file nessusfile.Policy) harrier.Policy {
	p := harrier.Policy{Name: file.Name, Description: file.Comments, Template: "advanced", Preferences: map[string]string{}}
	said := map[string]string{}
	for name, text := range file.Preferences {
		if to, ok := fileNames[name]; ok {
			name = to
		}
		if i := slices.IndexFunc(preferences, func(pref preference) bool { return pref.file == name }); i >= 0 {
			name = preferences[i].name
		}
		said[name] = text
	}
	for _, pref := range file.Plugins {
		if name, ok := fromPlugins[pref.Name]; ok {
			said[name], _, _ = strings.Cut(pref.Selected, ";")
			if name == "tcp_ping_dest_ports" {
				said[name] = strings.ReplaceAll(pref.Selected, ";", ",")
			}
		}
	}
	for _, pref := range preferences {
		if text, ok := said[pref.name]; ok && text != "" {
			if pref.set == nil {
				p.Preferences[pref.name] = text
			} else if applyPreferences(&p, map[string]string{pref.name: text}) != nil {
				delete(p.Preferences, pref.name)
			}
		}
	}
	p.Checks = harrier.CheckSelection{Families: map[string]bool{}, Single: map[harrier.VulnID]bool{}}
	for _, name := range slices.Sorted(maps.Keys(file.Families)) {
		if state := file.Families[name]; state != "mixed" {
			p.Checks.Families[name] = state == "enabled"
		} else if v := slices.Collect(maps.Values(file.Single)); slices.Contains(v, "enabled") {
			p.Checks.Families[name] = false
		}
	}
	for id, state := range file.Single {
		p.Checks.Single[id] = state == "enabled"
	}
	return p
}

package nessus

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// exportRequest is a POST /scans/{id}/export.
//
// Source: nessus-api.md, section 5.1.
type exportRequest struct {
	byID
	History  *harrier.ID                `from:"query history_id"`
	Format   kit.Text                   `json:"format"`
	Chapters kit.Text                   `json:"chapters"` // of html and pdf, separated by ";"
	Contents reportContents             `json:"reportContents"`
	Extra    extraFilters               `json:"extraFilters"`
	Keys     map[string]json.RawMessage `json:"*"` // filter.N.*
}

// reportContents chooses what is in a report.
type reportContents struct {
	Columns map[string]kit.Bool `json:"csvColumns"`
}

// extraFilters are the lists that the original's pages send.
type extraFilters struct {
	Hosts   kit.Ints `json:"host_ids"`
	Plugins kit.Ints `json:"plugin_ids"`
}

// exportReply names the file that is being made.
type exportReply struct {
	Token     string     `json:"token"`
	File      harrier.ID `json:"file"`
	TempToken string     `json:"temp_token"`
}

// exported are the formats of exports. The original has one more, "db": its
// encrypted database, which nothing else can read. Harrier does not make it: a
// file of that name that Nessus refuses would deceive.
var exported = []string{"nessus", "csv", "html", "pdf"}

func (a api) exportScan(ctx context.Context, by harrier.Actor, q exportRequest) (exportReply, error) {
	s, err := a.Sites.Site(ctx, by, q.ID)
	if err != nil {
		return exportReply{}, err
	}
	name := strings.ToLower(string(q.Format))
	switch {
	case name == "":
		return exportReply{}, harrier.Invalidf("format", "is needed: nessus, csv, html or pdf")
	case name == "db":
		return exportReply{}, harrier.Invalidf("format", "db is not made by this server: ask for nessus, csv, html or pdf")
	case !slices.Contains(exported, name):
		return exportReply{}, harrier.Invalidf("format", "there is no format %q: ask for nessus, csv, html or pdf", name)
	}
	sc, err := a.run(ctx, by, s, runQuery{History: q.History})
	if err != nil {
		return exportReply{}, err
	}
	if !sc.Status.Ended() && sc.Status != harrier.ScanPaused {
		return exportReply{}, harrier.Errorf(harrier.Conflict, "the scan has no results to export: it is %s", statusWord(sc.Status))
	}
	for _, c := range strings.FieldsFunc(string(q.Chapters), func(r rune) bool { return r == ';' || r == ',' || r == ' ' }) {
		if !slices.Contains(chapters, c) {
			return exportReply{}, harrier.Invalidf("chapters", "there is no chapter %q (%s)", c, strings.Join(chapters, ", "))
		}
	}
	filter, err := a.exportFilter(ctx, by, sc, q)
	if err != nil {
		return exportReply{}, err
	}
	rep, err := a.Reports.Create(ctx, by, sc.ID, name, exportOptions(sc, q), filter)
	return exportReply{rep.Token, rep.ID, rep.Token}, err
}

// chapters are those of html and pdf; the first is what is there when none is
// named.
//
// Source: nessus-api.md, section 17.
var chapters = []string{"vuln_hosts_summary", "vuln_by_host", "vuln_by_plugin", "compliance_exec", "compliance", "remediations"}

// exportOptions are the format's options that a request asks for.
func exportOptions(sc harrier.Scan, q exportRequest) map[string]string {
	options := map[string]string{"template_uuid": templateByName(sc.Template).uuid}
	if name := strings.ToLower(string(q.Format)); name == "html" || name == "pdf" {
		options["chapters"] = cmp.Or(string(q.Chapters), chapters[0])
	}
	if len(q.Contents.Columns) > 0 {
		var on []string
		for _, name := range slices.Sorted(maps.Keys(q.Contents.Columns)) {
			if q.Contents.Columns[name] {
				on = append(on, name)
			}
		}
		options["columns"] = strings.Join(on, ",")
	}
	return options
}

// exportFilter is the condition of a request's filters.
func (a api) exportFilter(ctx context.Context, by harrier.Actor, sc harrier.Scan, q exportRequest) (harrier.Expr, error) {
	filter, err := bodyFilter(q.Keys)
	if err != nil {
		return nil, err
	}
	var all harrier.And
	if filter != nil {
		all = append(all, filter)
	}
	if len(q.Extra.Plugins) > 0 {
		c := harrier.Cmp{Field: "plugin_id", Op: harrier.Eq}
		for _, n := range q.Extra.Plugins {
			c.Values = append(c.Values, int64(n))
		}
		all = append(all, c)
	}
	if len(q.Extra.Hosts) > 0 {
		c := harrier.Cmp{Field: "hostname", Op: harrier.Eq}
		for _, n := range q.Extra.Hosts {
			h, err := a.Scans.Host(ctx, by, sc.ID, int(n))
			if err != nil {
				return nil, whenMissing(err, harrier.Invalidf("host_ids", "there is no host %d", n))
			}
			c.Values = append(c.Values, h.Name)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all, nil
}

// exportFile names a file of a scan in the path.
type exportFile struct {
	byID
	File harrier.ID `from:"path file"`
}

// fileStatus has the one key that a client compares the whole object with.
type fileStatus struct {
	Status string `json:"status"`
}

func (a api) exported(ctx context.Context, by harrier.Actor, q exportFile) (harrier.Report, error) {
	rep, err := a.Reports.Report(ctx, by, q.File)
	if err != nil {
		return rep, err
	}
	sc, err := a.Scans.Scan(ctx, by, rep.Scan)
	if err == nil && sc.Site != q.ID {
		err = errFileNotFound
	}
	return rep, err
}

func (a api) exportStatus(ctx context.Context, by harrier.Actor, q exportFile) (fileStatus, error) {
	rep, err := a.exported(ctx, by, q)
	if err == nil && rep.Status == harrier.ReportFailed {
		err = harrier.Errorf(harrier.Conflict, "%s", rep.Error)
	}
	return fileStatus{reportWord(rep.Status)}, err
}

func reportWord(s harrier.ReportStatus) string {
	switch s {
	case harrier.ReportReady:
		return "ready"
	case harrier.ReportFailed, harrier.ReportStopped:
		return "error"
	case harrier.ReportQueued, harrier.ReportRunning, harrier.ReportStopping:
	}
	return "loading"
}

// exportDownload waits for a file that is not ready yet.
func (a api) exportDownload(ctx context.Context, by harrier.Actor, q exportFile) (kit.File, error) {
	rep, err := a.exported(ctx, by, q)
	if err != nil {
		return kit.File{}, err
	}
	return a.download(ctx, rep)
}

func (a api) download(ctx context.Context, rep harrier.Report) (kit.File, error) {
	body, size, err := a.Reports.Open(ctx, rep)
	if err != nil {
		return kit.File{}, err
	}
	return kit.File{Name: safeName(rep.Name), Size: size, Body: body}, nil
}

// safeName replaces what may break a header or a file system.
func safeName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, s)
}

// csvColumns are the keys of the columns of a CSV export.
var csvColumns = []string{
	"id", "cve", "cvss", "risk", "hostname", "protocol", "port", "plugin_name", "synopsis", "description", "solution", "see_also", "plugin_output",
	"stig_severity", "cvss4_base_score", "cvss4_bt_score", "cvss3_base_score", "cvss_temporal_score", "cvss3_temporal_score", "vpr_score", "epss_score",
	"risk_factor", "references", "plugin_information", "exploitable_with",
}

// formatsReply is the answer of GET /scans/{id}/export/formats.
type formatsReply struct {
	Formats map[string]formatOptions `json:"formats"`
}

type formatOptions struct {
	Columns  []string `json:"csvColumns,omitempty"`
	Chapters []string `json:"chapters,omitempty"`
}

func (a api) listFormats(ctx context.Context, by harrier.Actor, q byID) (formatsReply, error) {
	_, err := a.Sites.Site(ctx, by, q.ID)
	return formatsReply{map[string]formatOptions{"nessus": {}, "csv": {Columns: csvColumns}, "html": {Chapters: chapters}, "pdf": {Chapters: chapters}}}, err
}

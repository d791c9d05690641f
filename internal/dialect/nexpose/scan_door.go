package nexpose

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
	nessusfile "github.com/harrier-scan/harrier/internal/format/nessus"
	"github.com/harrier-scan/harrier/internal/scan"
)

// scanDoors are what clients call about scans and scan templates beside the XML
// API.
//
// Source: sections 14.3 and 14.5.
func (a *api) scanDoors(m *kit.Mux) {
	m.Handle("GET /api/2.0/scan_templates", a.door(a.getTemplates))
	m.Handle("DELETE /data/scan/{id}", a.door(a.deleteScan))
	m.Handle("GET /data/scan/{id}/export", a.door(a.exportScan))
	m.Handle("POST /data/scan/import", a.door(a.importScan))
	m.Handle("GET /data/scan/log", a.door(a.scanLog))
	for _, method := range []string{"GET", "POST"} { // the gem asks by forms
		m.Handle(method+" /data/scan/global/scan-history", a.door(a.globalHistory))
		m.Handle(method+" /data/scan/site/{id}", a.door(a.siteHistory))
	}
	a.tableDoors(m)
	m.Handle("POST /data/site/{id}/scan", a.door(a.scanPart))
}

func (a *api) getTemplates(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	type template struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		Description string `json:"description"`
	}
	var list []template
	templates, err := words.TemplatesOf(r.Context(), a.Policies, by)
	if err != nil {
		return err
	}
	for _, t := range templates {
		v, err := t.Variant(a.Policies)
		if err != nil {
			return err
		}
		base, _ := a.Policies.Template(v.Template)
		list = append(list, template{t.ID, t.Name, base.Description})
	}
	policies, err := a.Policies.Policies(r.Context(), by)
	if err != nil {
		return err
	}
	for _, p := range policies {
		list = append(list, template{words.PolicyTemplate + ident(p.ID), p.Name, p.Description})
	}
	return writeDoor(w, map[string]any{"resources": list})
}

func (a *api) deleteScan(_ http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	id, err := doorID(r, "id")
	if err != nil {
		return err
	}
	return a.Scans.Delete(r.Context(), by, id)
}

// exportScan sends a scan as a zip file that importScan takes.
func (a *api) exportScan(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	id, err := doorID(r, "id")
	if err != nil {
		return err
	}
	sc, err := a.Scans.Scan(r.Context(), by, id)
	if err != nil {
		return err
	}
	if !sc.Status.Ended() {
		return harrier.Errorf(harrier.Conflict, "scan %d has not ended", id)
	}
	w.Header().Set("Content-Type", "application/zip")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="scan-%d.zip"`, id))
	archive := zip.NewWriter(w)
	file, err := archive.Create(fmt.Sprintf("scan-%d.nessus", id))
	if err == nil {
		err = a.Reports.Write(r.Context(), by, file, id, nessusfile.Format.Name, map[string]string{"whoami": by.Name})
	}
	if err == nil {
		err = archive.Close()
	}
	if err != nil {
		a.Log.ErrorContext(r.Context(), "scan not exported", "scan", id, "err", err)
		panic(http.ErrAbortHandler) // the client must not take half a file for all
	}
	return nil
}

// maxImport is how long an imported file may be, and maxUnpacked how long what
// is in it.
const (
	maxImport   = 256 << 20
	maxUnpacked = 1 << 30
)

// importScan takes in a zip file of exportScan, as a scan of a site.
func (a *api) importScan(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxImport)
	if err := r.ParseMultipartForm(8 << 20); err != nil {
		return harrier.Errorf(harrier.Invalid, "the body is no multipart form").Because(err)
	}
	defer func() { _ = r.MultipartForm.RemoveAll() }() // what is left is a temporary file
	site, err := strconv.ParseInt(r.FormValue("siteid"), 10, 64)
	if err != nil {
		return harrier.Invalidf("siteid", "is no number")
	}
	s, err := a.Sites.Site(r.Context(), by, harrier.ID(site))
	if err != nil {
		return err
	}
	f, head, err := r.FormFile("scan")
	if err != nil {
		return harrier.Invalidf("scan", "is missing")
	}
	defer f.Close()
	one, err := kit.OneFile(f, head.Size, maxUnpacked)
	if err != nil {
		return harrier.Invalidf("scan", "is no zip file of an exported scan").Because(err)
	}
	open := func() (io.Reader, func(), error) {
		in, err := one.Open()
		if err != nil {
			return nil, nil, harrier.Invalidf("scan", "can not be unpacked")
		}
		return io.LimitReader(in, maxUnpacked), func() { _ = in.Close() }, nil
	}
	in, done, err := open()
	if err != nil {
		return err
	}
	said, err := kit.NessusHead(in)
	done()
	if err != nil {
		return err
	}
	if a.Sites.Level(by, s) < harrier.MayControl || !by.May(harrier.EditSites) {
		return harrier.Errorf(harrier.Forbidden, "you may not import scans of %q", s.Name)
	}
	if in, done, err = open(); err != nil {
		return err
	}
	defer done()
	sc, err := a.ImportNessus(r.Context(), by, &s, harrier.Scan{
		Name: said.Report, Targets: said.Policy.Preferences["TARGET"], PolicyID: s.Policy,
		Started: kit.NessusTime(said.Policy, "scan_start_timestamp"), Ended: kit.NessusTime(said.Policy, "scan_end_timestamp"),
	}, in)
	if err != nil {
		return err
	}
	return writeText(w, http.StatusOK, ident(sc.ID))
}

// scanLog sends what is known of the course of a scan.
func (a *api) scanLog(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	id, err := strconv.ParseInt(r.URL.Query().Get("scan-id"), 10, 64)
	if err != nil {
		return harrier.Invalidf("scan-id", "is no number")
	}
	sc, err := a.Scans.Scan(r.Context(), by, harrier.ID(id))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	archive := zip.NewWriter(&b)
	file, err := archive.Create(fmt.Sprintf("scan-%d.log", id))
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(file, "%s scan %d of site %d created: %d hosts, policy %q\n", stamp(sc.Created), sc.ID, sc.Site, sc.HostsTotal, sc.PolicyName)
	if !sc.Started.IsZero() {
		_, _ = fmt.Fprintf(file, "%s started\n", stamp(sc.Started))
	}
	_, _ = fmt.Fprintf(file, "%s %s: %d hosts done, %d alive; %d checks planned, %d clean, %d vulnerable, %d skipped, %d failed. %s\n",
		stamp(sc.Modified), sc.Status, sc.HostsDone, sc.HostsAlive, sc.Coverage.Planned, sc.Coverage.Clean, sc.Coverage.Vulnerable,
		sc.Coverage.Skipped, sc.Coverage.Failed, sc.Reason)
	if err := archive.Close(); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/zip")
	_, _ = w.Write(b.Bytes()) // a client that has gone gets nothing
	return nil
}

// sentToSite are the site that the path names, and the body.
func (a *api) sentToSite(r *http.Request, by harrier.Actor) (harrier.Site, []byte, error) {
	id, err := doorID(r, "id")
	if err != nil {
		return harrier.Site{}, nil, err
	}
	s, err := a.Sites.Site(r.Context(), by, id)
	if err != nil {
		return s, nil, err
	}
	body, err := readBody(r)
	return s, body, err
}

// scanPart scans hosts of a site with a template of its own.
func (a *api) scanPart(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	s, body, err := a.sentToSite(r, by)
	if err != nil {
		return err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return harrier.Errorf(harrier.Invalid, "the body is no form").Because(err)
	}
	l := scan.Launch{NoFreeze: true}
	if name := form.Get("template"); name != "" {
		v, _, err := words.Variant(r.Context(), a.Policies, by, name)
		if err != nil {
			return err
		}
		l.Variant = &v
	}
	hosts := strings.FieldsFunc(strings.ReplaceAll(form.Get("addressList"), " - ", "-"), func(c rune) bool { return strings.ContainsRune(", \r\n\t", c) })
	if l.Targets, err = a.inside(r.Context(), by, s, hosts, nil); err != nil {
		return err
	}
	sc, err := a.launch(r.Context(), by, s.ID, l)
	if err != nil {
		return err
	}
	return writeText(w, http.StatusOK, ident(sc.ID))
}

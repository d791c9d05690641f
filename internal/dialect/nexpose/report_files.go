package nexpose

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// reportDoors are the downloads.
//
// Source: section 8.8.
func (a *api) reportDoors(m *kit.Mux) {
	m.Handle("GET /reports/{definition}/{report}/{file}", http.HandlerFunc(a.downloadReport))
}

// downloadReport sends the file of a report to whoever has a session.
func (a *api) downloadReport(w http.ResponseWriter, r *http.Request) {
	by, err := a.who(r)
	if err != nil {
		a.failSide(w, r, err)
		return
	}
	definition, err1 := strconv.ParseInt(r.PathValue("definition"), 10, 64)
	id, err2 := strconv.ParseInt(r.PathValue("report"), 10, 64)
	if err1 != nil || err2 != nil {
		a.failSide(w, r, kit.ErrNoRoute)
		return
	}
	rep, err := a.Reports.Report(r.Context(), by, harrier.ID(id))
	if err == nil && rep.Definition != harrier.ID(definition) {
		err = harrier.Errorf(harrier.NotFound, "no report %d", id)
	}
	if err != nil {
		a.failSide(w, r, err)
		return
	}
	body, size, err := a.Reports.Open(r.Context(), rep)
	if err != nil {
		a.failSide(w, r, err)
		return
	}
	defer func() { _ = body.Close() }() // it was only read
	h := w.Header()
	h.Set("Content-Type", a.mime(rep.Format))
	h.Set("Content-Length", strconv.FormatInt(size, 10))
	h.Set("Content-Disposition", `attachment; filename="`+rep.Name+`"`)
	h.Set("X-Content-Type-Options", "nosniff")
	if _, err := io.Copy(w, body); err != nil {
		panic(http.ErrAbortHandler)
	}
}

func (a *api) mime(name string) string {
	for _, f := range a.Reports.Shapes() {
		if f.Name == name {
			return f.MIME
		}
	}
	return "application/octet-stream"
}

// boundary parts the answer with a report in it. Clients have it built in.
//
// Source: section 8.9, rule 1.
const boundary = "AxB9sl3299asdjvbA"

// partTypes are the types of the part with the report, by the format's
// extension.
var partTypes = map[string]string{
	"xml": "text/xml; name=report.xml", "csv": "text/csv; name=report.csv", "html": "text/html; name=report.html", "pdf": "application/pdf; name=report.pdf",
}

// adhocReport makes a report and sends it with the answer. Whether it can be
// made is known before the answer begins, so that a failure is an ordinary one.
func (a *api) adhocReport(c *call) (answer, error) {
	d := harrier.ReportDefinition{Name: "Ad-hoc report"}
	if err := readReportConfig(c.req.child("AdhocReportConfig"), &d); err != nil {
		return answer{}, err
	}
	if err := a.mayReport(c.ctx(), c.by, d); err != nil {
		return answer{}, err
	}
	d.AfterScan, d.Schedule, d.Recipients = false, harrier.Schedule{}, nil
	rep, err := a.Reports.Once(c.ctx(), c.by, d)
	if err != nil {
		return answer{}, err
	}
	drop := func() { // asked for once: nobody can fetch it again
		_ = a.Reports.Delete(context.WithoutCancel(c.ctx()), c.by, rep.ID) // what stays is swept
	}
	body, err := a.opened(c.ctx(), rep)
	if err != nil {
		drop()
		return answer{}, err
	}
	part := "text/plain; name=report.txt"
	for _, f := range a.Reports.Shapes() {
		if t, ok := partTypes[f.Extension]; ok && f.Name == rep.Format {
			part = t
		}
	}
	return answer{raw: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		defer drop()
		defer func() { _ = body.Close() }() // it was only read
		if err := c.multipart(w, part, body); err != nil {
			panic(http.ErrAbortHandler) // the client has gone
		}
	})}, nil
}

// opened waits for a report to be made, as long as the client does.
func (a *api) opened(ctx context.Context, rep harrier.Report) (io.ReadCloser, error) {
	for {
		body, _, err := a.Reports.Open(ctx, rep)
		if harrier.KindOf(err) != harrier.Unavailable || err == nil {
			return body, err
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
}

// multipart writes the answer with a report, byte for byte as clients split it.
//
// Source: section 8.9, rules 2 to 9.
func (c *call) multipart(w http.ResponseWriter, part string, body io.Reader) error {
	w.Header().Set("Content-Type", "multipart/mixed; boundary="+boundary+"; charset=UTF-8")
	o := newOut(w)
	o.put("--" + boundary + "\r\nContent-Type: application/xml; name=response_xml\r\n\r\n")
	o.start(c.cmd.name+"Response", "success", "1")
	c.echo(o)
	o.end()
	o.put("\r\n--" + boundary + "\r\nContent-Type: " + part + "\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	line := make([]byte, 57) // 76 digits
	for {
		n, err := io.ReadFull(body, line)
		if n > 0 {
			o.put(base64.StdEncoding.EncodeToString(line[:n]) + "\r\n")
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return err
		}
	}
	o.put("--" + boundary + "--\r\n")
	return o.flush()
}

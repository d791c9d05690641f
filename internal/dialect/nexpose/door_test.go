package nexpose_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/scan"
)

// TestScanDoors exports a scan, takes it in again, lists both, reads the log
// and deletes one.
func TestScanDoors(t *testing.T) {
	c := exchange.Start(t, recorded(t))
	session, _, err := c.Rooms.Identity.SignInHex(t.Context(), c.Name, c.Password, "nexpose", "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	site := harrier.Site{Name: "lab"}
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	sc, err := c.Rooms.Scans.Import(t.Context(), c.Admin, &site, harrier.Scan{Name: "lab", Started: at, Ended: at.Add(time.Minute)}, func(yield func(scan.Imported, error) bool) {
		h := scan.Imported{Host: harrier.Host{Name: "192.0.2.1", Addr: netip.MustParseAddr("192.0.2.1"), Alive: true, Started: at, Ended: at.Add(time.Minute)}}
		h.Observations = []harrier.Observation{{Vulnerability: 19506, Evidence: "seen", Certainty: harrier.Certain, At: at}}
		yield(h, nil)
	})
	if err != nil {
		t.Fatal(err)
	}
	do := func(method, path, kind string, body io.Reader) (int, []byte) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, c.URL+path, body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		r.AddCookie(&http.Cookie{Name: "nexposeCCSessionID", Value: session})
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer a.Body.Close()
		b, err := io.ReadAll(a.Body)
		if err != nil {
			t.Fatal(err)
		}
		return a.StatusCode, b
	}
	status, file := do("GET", fmt.Sprintf("/data/scan/%d/export", sc.ID), "", nil)
	if status != http.StatusOK || !bytes.HasPrefix(file, []byte("PK")) {
		t.Fatalf("export = %d, %.60q", status, file)
	}
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	_ = w.WriteField("siteid", fmt.Sprint(site.ID))
	part, err := w.CreateFormFile("scan", "scan.zip")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write(file)
	_ = w.Close()
	status, id := do("POST", "/data/scan/import", w.FormDataContentType(), &form)
	if status != http.StatusOK || string(id) == fmt.Sprint(sc.ID) {
		t.Fatalf("import = %d, %s", status, id)
	}
	history := func(path string) (out struct {
		Records []struct {
			ID     int    `json:"scanID"`
			Status string `json:"status"`
			Live   int    `json:"liveHosts"`
		}
		Total int `json:"totalRecords"`
	},
	) {
		t.Helper()
		status, body := do("GET", path, "", nil)
		if err := json.Unmarshal(body, &out); err != nil || status != http.StatusOK {
			t.Fatalf("%s = %d, %v: %s", path, status, err, body)
		}
		return out
	}
	all := history("/data/scan/global/scan-history?sort=endTime&dir=desc&startIndex=0&results=1")
	if all.Total != 2 || len(all.Records) != 1 || fmt.Sprint(all.Records[0].ID) != string(id) || all.Records[0].Status != "C" || all.Records[0].Live != 1 {
		t.Errorf("history = %+v; want %s first", all, id)
	}
	if active := history(fmt.Sprintf("/data/scan/site/%d?status=active", site.ID)); active.Total != 0 {
		t.Errorf("active = %+v", active)
	}
	status, log := do("GET", "/data/scan/log?scan-id="+string(id), "", nil)
	if z, err := zip.NewReader(bytes.NewReader(log), int64(len(log))); err != nil || status != http.StatusOK || len(z.File) != 1 {
		t.Errorf("log = %d, %v", status, err)
	}
	if status, body := do("DELETE", "/data/scan/"+string(id), "", nil); status != http.StatusOK {
		t.Errorf("delete = %d, %s", status, body)
	}
	for path, body := range map[string]string{
		fmt.Sprintf("/data/site/%d/scan", site.ID): "addressList=192.0.2.7&template=discovery", // not in the site
		"/data/scan/import":                        "x",
	} {
		if status, answer := do("POST", path, "application/x-www-form-urlencoded", strings.NewReader(body)); status != http.StatusBadRequest {
			t.Errorf("POST %s = %d, %s; want 400", path, status, answer)
		}
	}
	status, rows := do("POST", "/data/scan/global/scan-history", "application/x-www-form-urlencoded", strings.NewReader("startIndex=-1&results=-1&dir=DESC"))
	if status != http.StatusOK || !strings.Contains(string(rows), `"totalRecords":1`) {
		t.Errorf("history by a form = %d, %s", status, rows)
	}
	for path, want := range map[string]string{
		fmt.Sprintf("/data/asset/scan/%d/complete-assets?startIndex=0&results=500", sc.ID):   `"ipAddress":"192.0.2.1","hostName":"","operatingSystem":"","vulnerabilityCount":0,"scanStatusTranslation":"Completed","duration":60000`,
		fmt.Sprintf("/data/asset/scan/%d/incomplete-assets?startIndex=-1&results=-1", sc.ID): `"totalRecords":0`,
		"/data/site/scans/dyntable?printDocType=0&activeOnly=true":                           `<Column name="Scan ID" type="string"/>`,
		"/data/user/preferences/all": `{}`,
	} {
		if status, body := do("GET", path, "", nil); status != http.StatusOK || !strings.Contains(string(body), want) {
			t.Errorf("GET %s = %d, %s; want %s", path, status, body, want)
		}
	}
	if status, body := do("GET", "/data/asset/scan/999/complete-assets", "", nil); status != http.StatusNotFound {
		t.Errorf("devices of no scan = %d, %s", status, body)
	}
	if status, body := do("POST", "/data/user/preference", "application/x-www-form-urlencoded", strings.NewReader("name=x.rows&value=10")); status != http.StatusOK {
		t.Errorf("preference = %d, %s", status, body)
	}
	if left := history("/data/scan/global/scan-history"); left.Total != 1 {
		t.Errorf("history after all = %+v", left)
	}
}

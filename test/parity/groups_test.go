package parity_test

import (
	"fmt"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/nessus"
	"github.com/harrier-scan/harrier/internal/dialect/nexpose"
	"github.com/harrier-scan/harrier/internal/dialect/securitycenter"
	"github.com/harrier-scan/harrier/internal/scan"
)

// TestGroupsHoldInAllDialects grants one device of three through NeXpose and
// asks all dialects as its user.
func TestGroupsHoldInAllDialects(t *testing.T) {
	c := exchange.Start(t, nexpose.New)
	at := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	hosts := func(yield func(scan.Imported, error) bool) {
		for i := range 3 {
			addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)})
			h := scan.Imported{Host: harrier.Host{Name: addr.String(), Addr: addr, Alive: true, Started: at, Ended: at}}
			h.Observations = []harrier.Observation{{Vulnerability: c.Rooms.Vulns.All(t.Context())[0].ID, Evidence: "seen", Certainty: harrier.Certain, At: at}}
			if !yield(h, nil) {
				return
			}
		}
	}
	site := harrier.Site{Name: "lab"}
	if _, err := c.Rooms.Scans.Import(t.Context(), c.Admin, &site, harrier.Scan{Name: "lab", Started: at, Ended: at}, iter.Seq2[scan.Imported, error](hosts)); err != nil {
		t.Fatal(err)
	}
	devices, _, err := c.Rooms.Assets.Assets(t.Context(), c.Admin, nil, asset.Page{Sort: "address"})
	if err != nil || len(devices) != 3 {
		t.Fatalf("devices = %d, %v; want 3", len(devices), err)
	}
	send := func(h http.Handler, method, path, body, header, key string) string {
		r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
		r.Header.Set(header, key)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Body.String()
	}
	session := ""
	do := func(body, attr string) string {
		text := send(nexpose.New(c.Rooms), http.MethodPost, "/api/1.1/xml", strings.Replace(body, "@", `session-id="`+session+`"`, 1), "X", "")
		m := regexp.MustCompile(` ` + attr + `="([^"]*)"`).FindStringSubmatch(text)
		if m == nil || !strings.Contains(text, `success="1"`) {
			t.Fatalf("%s = %s", body, text)
		}
		return m[1]
	}
	session = do(fmt.Sprintf(`<LoginRequest user-id=%q password=%q/>`, c.Name, c.Password), "session-id")
	group := do(fmt.Sprintf(`<AssetGroupSaveRequest @><AssetGroup id="-1" name="one"><Devices><device id="%d"/></Devices></AssetGroup></AssetGroupSaveRequest>`, devices[0].ID), "group-id")
	do(fmt.Sprintf(`<UserSaveRequest @><UserConfig id="-1" name="member" password="correct-horse-9" role-name="user"><site id="%d"/><group id="%s"/></UserConfig></UserSaveRequest>`, site.ID, group), "id")
	users, err := c.Rooms.Identity.Users(t.Context(), c.Admin)
	if err != nil {
		t.Fatal(err)
	}
	access, secret, err := c.Rooms.Identity.NewKeys(t.Context(), c.Admin, users[len(users)-1].ID)
	if err != nil {
		t.Fatal(err)
	}
	session = do(`<LoginRequest user-id="member" password="correct-horse-9"/>`, "session-id")
	for name, text := range map[string]string{
		"nexpose":        send(nexpose.New(c.Rooms), http.MethodPost, "/api/1.1/xml", `<AssetGroupConfigRequest session-id="`+session+`" group-id="`+group+`"/>`, "X", ""),
		"nexpose filter": send(nexpose.New(c.Rooms), http.MethodPost, "/data/asset/filterAssets", "results=10", "nexposeCCSessionID", session),
		"securitycenter": send(securitycenter.New(c.Rooms), http.MethodGet, "/rest/hosts", "", "X-ApiKey", "accesskey="+access+"; secretkey="+secret),
		"nessus":         send(nessus.New(c.Rooms), http.MethodGet, fmt.Sprint("/scans/", site.ID), "", "X-ApiKeys", "accessKey="+access+"; secretKey="+secret),
	} {
		if !strings.Contains(text, "192.0.2.1") || strings.Contains(text, "192.0.2.2") || strings.Contains(text, "192.0.2.3") {
			t.Errorf("%s shows %.600s; want 192.0.2.1 alone", name, text)
		}
	}
}

package nessus_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/dialect/nessus"
	"github.com/harrier-scan/harrier/internal/fleet"
)

// TestEnginesElsewhere shows an engine elsewhere as a scanner of its own, to
// which a scan can be bound.
func TestEnginesElsewhere(t *testing.T) {
	c := exchange.Start(t, nessus.New)
	ask := func(method, path, body string, to any) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, c.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-ApiKeys", "accessKey="+c.Access+"; secretKey="+c.SecretID)
		r.Header.Set("Content-Type", "application/json")
		reply, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer reply.Body.Close()
		raw, err := io.ReadAll(reply.Body)
		if err == nil && reply.StatusCode == http.StatusOK {
			err = json.Unmarshal(raw, to)
		}
		if err != nil || reply.StatusCode != http.StatusOK {
			t.Fatalf("%s %s = %d %s (%v)", method, path, reply.StatusCode, raw, err)
		}
	}
	token, err := c.Rooms.Fleet.Token(t.Context(), c.Admin, fleet.NewToken{})
	if err != nil {
		t.Fatal(err)
	}
	far, err := c.Rooms.Fleet.Enrol(t.Context(), token, harrier.Engine{Name: "far", Key: []byte{1}, Box: []byte{2}})
	if err != nil {
		t.Fatal(err)
	}
	var scan struct{ Scan struct{ ID int } }
	number := strconv.Itoa(int(far.ID) + 1)
	ask("POST", "/scans", `{"uuid":"731a8e52-3ea6-a291-ec0a-d2ff0619c19d7bd788d6be818b65","settings":{"name":"x","text_targets":"192.0.2.1","scanner_id":`+number+`}}`, &scan)
	ask("POST", "/scans/"+strconv.Itoa(scan.Scan.ID)+"/launch", "{}", &struct{}{})
	if s, err := c.Rooms.Sites.Site(t.Context(), c.Admin, harrier.ID(scan.Scan.ID)); err != nil || s.Engine != far.ID {
		t.Fatalf("the site is bound to engine %d (%v); want %d", s.Engine, err, far.ID)
	}
	runs, err := c.Rooms.Scans.Active(t.Context(), c.Admin)
	if err != nil || len(runs) != 1 {
		t.Fatalf("%d runs, %v; want one", len(runs), err)
	}
	speaks := harrier.Engine{UUID: far.UUID, Version: "1.2", Protocol: harrier.EngineProtocol, Started: time.Now()}
	if err := c.Rooms.Fleet.See(t.Context(), harrier.Heartbeat{Engine: speaks, Active: []harrier.Activity{{Scan: runs[0].ID, Batch: 1}}}); err != nil {
		t.Fatal(err)
	}
	var list struct {
		Scanners []struct {
			ID                 int
			Name, Type, Status string
			Version            string `json:"engine_version"`
			Scans              int    `json:"num_scans"`
			Last               int64  `json:"last_connect"`
		}
	}
	ask("GET", "/scanners", "", &list)
	if len(list.Scanners) != 2 || list.Scanners[0].Type != "local" {
		t.Fatalf("scanners = %+v; want the local one and far", list.Scanners)
	}
	if s := list.Scanners[1]; strconv.Itoa(s.ID) != number || s.Name != "far" || s.Type != "remote" || s.Status != "on" || s.Version != "1.2" || s.Scans != 1 || s.Last == 0 {
		t.Errorf("far = %+v; want it on, at one scan", s)
	}
	var scans struct{ Scans []struct{ Name string } }
	if ask("GET", "/scanners/"+number+"/scans", "", &scans); len(scans.Scans) != 1 || scans.Scans[0].Name != "x" {
		t.Errorf("scans of far = %+v; want x", scans.Scans)
	}
}

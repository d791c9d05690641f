package nexpose

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	words "github.com/harrier-scan/harrier/internal/dialect/nexposewords"
)

// tableDoors are the tables of scans and of their devices, and what the gem asks
// around each of them.
//
// Source: sections 14.3, 14.8 and 14.9.
func (a *api) tableDoors(m *kit.Mux) {
	m.Handle("GET /data/site/scans/dyntable", a.door(a.activeTable))
	m.Handle("GET /data/asset/scan/{id}/complete-assets", a.door(a.scanDevices(true)))
	m.Handle("GET /data/asset/scan/{id}/incomplete-assets", a.door(a.scanDevices(false)))
	m.Handle("GET /data/user/preferences/all", a.door(func(w http.ResponseWriter, _ *http.Request, _ harrier.Actor) error {
		return writeDoor(w, map[string]string{})
	}))
	// How many rows a page shows to a person is of no use here: it is taken and
	// forgotten.
	m.Handle("POST /data/user/preference", a.door(func(w http.ResponseWriter, _ *http.Request, _ harrier.Actor) error {
		return writeText(w, http.StatusOK, "")
	}))
}

// historyRow is a scan in a table.
type historyRow struct {
	ID       harrier.ID `json:"scanID"`
	Site     harrier.ID `json:"siteID"`
	Status   string     `json:"status"`
	Start    int64      `json:"startTime"` // milliseconds, as End and Duration
	End      int64      `json:"endTime"`
	Duration int64      `json:"duration"`
	Found    int        `json:"vulnerabilityCount"`
	Live     int        `json:"liveHosts"`
	Risk     float64    `json:"riskScore"`
	By       string     `json:"startedByCD"`
	Engine   string     `json:"scanEngineName"`
	Name     string     `json:"scanName"`
	Paused   bool       `json:"paused"`
}

func (a *api) row(sc harrier.Scan) historyRow {
	row := historyRow{
		ID: sc.ID, Site: sc.Site, Name: sc.Name, Live: sc.HostsAlive, Risk: riskOf(sc.Present), By: "A", Engine: words.LocalEngine,
		Found: sc.Present.Total() - sc.Present[harrier.Info], Paused: scanWord(sc) == "paused",
		Status: cmp.Or(map[string]string{"finished": "C", "stopped": "S", "aborted": "A", "paused": "P", "running": "U", "dispatched": "U"}[scanWord(sc)], "U"),
	}
	if sc.Scheduled {
		row.By = "S"
	}
	if !sc.Started.IsZero() {
		row.Start = sc.Started.UnixMilli()
		end := a.Now()
		if sc.Status.Ended() {
			end = cmp.Or(sc.Ended, sc.Modified)
			row.End = end.UnixMilli()
		}
		row.Duration = max(0, end.Sub(sc.Started).Milliseconds())
	}
	return row
}

// asked are the parameters of a request for a table, of its address and of its
// form.
func asked(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		return nil, harrier.Errorf(harrier.Invalid, "the body is no form").Because(err)
	}
	return r.Form, nil
}

// table is a part of a table.
//
// Source: section 14.9.
type table[T any] struct {
	Records   []T    `json:"records"`
	Total     int    `json:"totalRecords"`
	PerPage   int    `json:"rowsPerPage"`
	Offset    int    `json:"recordOffset"`
	Column    string `json:"sortColumn"`
	Direction string `json:"sortDirection"`
}

// tableRows is how many rows those get who do not say how many they want, and
// mostRows how many of those that are looked up for each request.
const (
	tableRows = 500
	mostRows  = 10_000
)

// span is the part of a table that a request asks for. The gem first asks for -1,
// to learn how many there are.
func span(query url.Values) (start, rows int) {
	whole := func(name string, otherwise int) int {
		n, err := strconv.Atoi(query.Get(name))
		if err != nil || n < 0 {
			return otherwise
		}
		return n
	}
	return whole("startIndex", 0), whole("results", tableRows)
}

// page writes the part that a request asks for of a table that is there as a whole.
func page[T any](w http.ResponseWriter, query url.Values, all []T, column, direction string) error {
	offset, rows := span(query)
	offset = min(offset, len(all))
	records := append([]T{}, all[offset:offset+min(rows, len(all)-offset)]...)
	return writeDoor(w, table[T]{records, len(all), rows, offset, cmp.Or(query.Get("sort"), column), direction})
}

// table answers a part of a table of scans, the newest first unless asked
// otherwise.
func (a *api) table(w http.ResponseWriter, query url.Values, scans []harrier.Scan) error {
	direction := "desc"
	if strings.EqualFold(query.Get("dir"), "asc") {
		direction = "asc"
	} else {
		slices.Reverse(scans)
	}
	rows := make([]historyRow, len(scans))
	for i, sc := range scans {
		rows[i] = a.row(sc)
	}
	return page(w, query, rows, "endTime", direction)
}

func (a *api) globalHistory(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	query, err := asked(w, r)
	if err != nil {
		return err
	}
	sites, err := a.Sites.Sites(r.Context(), by)
	if err != nil {
		return err
	}
	var all []harrier.Scan
	for _, s := range sites {
		scans, err := a.Scans.Of(r.Context(), by, s.ID)
		if err != nil {
			return err
		}
		all = append(all, scans...)
	}
	all = slices.DeleteFunc(all, func(sc harrier.Scan) bool { return !sc.Status.Ended() })
	slices.SortFunc(all, func(a, b harrier.Scan) int { return cmp.Compare(a.ID, b.ID) })
	return a.table(w, query, all)
}

func (a *api) siteHistory(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	query, err := asked(w, r)
	if err != nil {
		return err
	}
	id, err := doorID(r, "id")
	if err != nil {
		return err
	}
	scans, err := a.Scans.Of(r.Context(), by, id)
	if err != nil {
		return err
	}
	active := query.Get("status") == "active"
	scans = slices.DeleteFunc(scans, func(sc harrier.Scan) bool { return sc.Status.Ended() == active })
	return a.table(w, query, scans)
}

// activeTable lists the scans that have not ended, as an older kind of table.
//
// Source: section 14.9.
func (a *api) activeTable(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
	scans, err := a.Scans.Active(r.Context(), by)
	if err != nil {
		return err
	}
	columns := []string{
		"Scan ID", "Site ID", "Scan Name", "Status", "Status Code", "Started", "Progress", "Elapsed", "Vulnerabilities Discovered",
		"Devices Discovered", "riskScore", "Scan Type", "Scan Engine",
	}
	return dynTable(w, columns, func(put func(...string)) error {
		for _, sc := range scans {
			row := a.row(sc)
			status, kind := "In progress", "Manual"
			if row.Paused {
				status = "Paused"
			}
			if sc.Scheduled {
				kind = "Schedule"
			}
			put(ident(sc.ID), ident(sc.Site), sc.Name, status, row.Status, number(row.Start), "0", number(row.Duration), number(row.Found),
				number(row.Live), float(row.Risk), kind, row.Engine)
		}
		return nil
	})
}

// deviceRow is a device of a scan in a table.
type deviceRow struct {
	ID       harrier.ID `json:"assetID"`
	Address  string     `json:"ipAddress"`
	Name     string     `json:"hostName"`
	OS       string     `json:"operatingSystem"`
	Found    int        `json:"vulnerabilityCount"`
	Status   string     `json:"scanStatusTranslation"`
	Duration int64      `json:"duration"` // milliseconds
}

// scanDevices lists the live hosts of a scan whose run went to its end, or the
// others.
func (a *api) scanDevices(complete bool) func(http.ResponseWriter, *http.Request, harrier.Actor) error {
	return func(w http.ResponseWriter, r *http.Request, by harrier.Actor) error {
		id, err := doorID(r, "id")
		if err != nil {
			return err
		}
		sc, err := a.Scans.Scan(r.Context(), by, id)
		if err != nil {
			return err
		}
		hosts, err := a.Scans.Hosts(r.Context(), by, id)
		if err != nil {
			return err
		}
		var rows []deviceRow
		for _, h := range hosts {
			if !h.Alive || h.Done != complete {
				continue
			}
			row := deviceRow{ID: h.Asset, Address: placeOf(h.Addr, h.Name), Name: h.FQDN, OS: h.OS, Found: h.Present.Total() - h.Present[harrier.Info], Status: "Completed"}
			switch {
			case complete:
				row.Duration = max(0, h.Ended.Sub(h.Started).Milliseconds())
			case sc.Status.Ended():
				row.Status = "Stopped"
			default:
				row.Status = "Running"
			}
			rows = append(rows, row)
		}
		return page(w, r.URL.Query(), rows, "ipAddress", "asc")
	}
}

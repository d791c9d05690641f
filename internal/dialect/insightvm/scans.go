package insightvm

import (
	"context"
	"net/http"
	"slices"

	"github.com/harrier-scan/harrier"
)

// scanRow is a scan.
//
// Source: section 7.1.
type scanRow struct {
	Details  *scanDetails `json:"details,omitempty"`
	EngineID string       `json:"engine_id"`
	Finished *string      `json:"finished"`
	ID       string       `json:"id"`
	Name     string       `json:"name"`
	Started  *string      `json:"started"`
	Status   string       `json:"status"`
}

// scanDetails say how far a scan is, and what it has found.
type scanDetails struct {
	Completed       int    `json:"assets_completed"`
	Total           int    `json:"assets_total"`
	Message         string `json:"message"`
	Vulnerabilities struct {
		Critical int `json:"critical"`
		Moderate int `json:"moderate"`
		Severe   int `json:"severe"`
	} `json:"vulnerabilities"`
}

// scanStatus is the word for where a scan stands. One that is told to stop has
// stopped, for those who ask: engines wind down meanwhile.
//
// Source: sections 7.1 and 7.5.
func scanStatus(s harrier.ScanStatus) string {
	switch s {
	case harrier.ScanQueued:
		return "Queued"
	case harrier.ScanRunning, harrier.ScanPausing, harrier.ScanPaused, harrier.ScanResuming:
		return "Running"
	case harrier.ScanStopping, harrier.ScanStopped:
		return "Stopped"
	case harrier.ScanCompleted, harrier.ScanImported:
		return "Success"
	case harrier.ScanAborted:
		return "Failed"
	}
	return "Unknown"
}

// scanRows shows scans.
func (a api) scanRows(ctx context.Context, by harrier.Actor, list []harrier.Scan, details bool) ([]scanRow, error) {
	engines, err := a.Fleet.Engines(ctx, by)
	if err != nil {
		return nil, err
	}
	rows := make([]scanRow, len(list))
	for i := range list {
		sc := &list[i]
		rows[i] = scanRow{ID: sc.UUID.String(), Name: sc.Name, EngineID: engineOfScan(sc, engines), Started: maybe(sc.Started), Status: scanStatus(sc.Status)}
		if sc.Status.Ended() {
			rows[i].Finished = maybe(sc.Ended)
		}
		if details {
			d := &scanDetails{Completed: sc.HostsDone, Total: sc.HostsTotal, Message: sc.Reason}
			d.Vulnerabilities.Critical, d.Vulnerabilities.Severe = sc.Present[harrier.Critical], sc.Present[harrier.High]
			d.Vulnerabilities.Moderate = sc.Present[harrier.Medium]
			rows[i].Details = d
		}
	}
	return rows, nil
}

// engineOfScan is the id of the engine that runs a scan, or that was asked to;
// "" when none has begun.
func engineOfScan(sc *harrier.Scan, engines []harrier.Engine) string {
	i := slices.IndexFunc(engines, func(e harrier.Engine) bool {
		if sc.Terms.Engine != 0 {
			return e.ID == sc.Terms.Engine
		}
		return sc.Engine != "" && e.Name == sc.Engine
	})
	if i < 0 {
		return ""
	}
	return engines[i].UUID.String()
}

func (a api) listScans(ctx context.Context, by harrier.Actor, q *query) (reply, error) {
	details, err := q.flag("includeDetails", false)
	if err != nil {
		return reply{}, err
	}
	p, err := q.page(usualShort, nil, "")
	if err != nil {
		return reply{}, err
	}
	list, total, err := a.Scans.List(ctx, by, p.offset(), p.size)
	if err != nil {
		return reply{}, err
	}
	rows, err := a.scanRows(ctx, by, list, details)
	if err != nil {
		return reply{}, err
	}
	answer := q.paged(p, rows, len(rows), total, cursor{}, p.offset()+len(rows) < total)
	answer.root = ""
	return answer, nil
}

// scan finds a scan by its id. It answers NotFound.
func (a api) scan(ctx context.Context, by harrier.Actor, id string) (harrier.Scan, error) {
	uuid, err := harrier.ParseUUID(id)
	if err != nil {
		return harrier.Scan{}, harrier.Errorf(harrier.NotFound, "no such scan")
	}
	return a.Scans.ByUUID(ctx, by, uuid)
}

func (a api) getScan(ctx context.Context, by harrier.Actor, q *query) (reply, error) {
	details, err := q.flag("includeDetails", false)
	if err != nil {
		return reply{}, err
	}
	sc, err := a.scan(ctx, by, q.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	rows, err := a.scanRows(ctx, by, []harrier.Scan{sc}, details)
	if err != nil {
		return reply{}, err
	}
	return reply{body: rows[0]}, nil
}

// stopScan stops a scan. One that has ended stays as it is.
//
// Source: section 7.5.
func (a api) stopScan(ctx context.Context, by harrier.Actor, q *query) (reply, error) {
	sc, err := a.scan(ctx, by, q.PathValue("id"))
	if err != nil {
		return reply{}, err
	}
	err = a.Scans.Command(ctx, by, sc.ID, harrier.Stop)
	if kind := harrier.KindOf(err); err != nil && kind != harrier.Conflict && kind != harrier.Unavailable {
		return reply{}, notAllowed(err)
	}
	return reply{status: http.StatusAccepted}, nil // over already is good, and the engines may hear of it later
}

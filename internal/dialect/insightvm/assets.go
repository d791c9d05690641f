package insightvm

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/search"
)

// assetResource names the list of assets in cursors.
const assetResource = "assets"

// usualSize is how long pages of searches are, usualShort those of other lists.
const (
	usualSize  = 100
	usualShort = 10
)

// assetSorts are the fields that assets are sorted by, with the model's.
var assetSorts = map[string]string{
	"id": "id", "host_name": "fqdn", "ip": "address", "mac": "mac", "type": "device_type",
	"os_architecture": "os_architecture", "os_description": "os", "os_family": "os_family", "os_name": "os_name", "os_system_name": "os_system",
	"os_type": "os_type", "os_vendor": "os_vendor", "os_version": "os_version",
	"last_scan_end": "last_seen", "last_assessed_for_vulnerabilities": "last_seen", "last_scan_start": "scan_start", "exploits": "exploit_count",
	"malware_kits": "malware_kits", "assessed_for_vulnerabilities": "assessed", "assessed_for_policies": "assessed_for_policies",
	"critical_vulnerabilities": "critical", "severe_vulnerabilities": "high", "moderate_vulnerabilities": "medium", "total_vulnerabilities": "total",
	"risk_score": "risk", "criticality_tag": "importance",
}

// assetID is the id of an asset: the form that clients know.
//
// Source: section 6.2.
func (a api) assetID(id harrier.ID) string {
	return a.ServerUUID.String() + assetMark + strconv.FormatInt(int64(id), 10)
}

const assetMark = "-default-asset-"

// assetNumber reads an id; false for one that no asset of this console has.
func (a api) assetNumber(text string) (harrier.ID, bool) {
	rest, ok := strings.CutPrefix(strings.ToLower(text), a.ServerUUID.String()+assetMark)
	n, err := strconv.ParseInt(rest, 10, 64)
	return harrier.ID(n), ok && err == nil && n > 0
}

// viewed is what of assets is to be shown.
type viewed struct {
	current, comparison time.Time
	same                bool
	identifiers         bool
	findings            harrier.Expr // which findings are listed; nil: all
}

// viewed reads the parameters that searches and gets share.
//
// Source: section 6.4.
func (a api) viewed(q *query) (viewed, error) {
	v := viewed{current: a.Now()}
	now := v.current
	at, err := q.moment("currentTime")
	if err != nil {
		return v, err
	}
	if !at.IsZero() && at.Before(now) {
		v.current = at
	}
	v.comparison = v.current
	if at, err = q.moment("comparisonTime"); err != nil {
		return v, err
	}
	if !at.IsZero() {
		v.comparison = at
		if at.After(now) {
			v.comparison = now
		}
	}
	if v.comparison.After(v.current) {
		return v, invalid("comparisonTime: is after the current time.")
	}
	if v.same, err = q.flag("includeSame", false); err != nil {
		return v, err
	}
	v.identifiers, err = q.flag("includeUniqueIdentifiers", true)
	return v, err
}

func (a api) searchAssets(ctx context.Context, by harrier.Actor, q *query) (reply, error) {
	keys, err := q.members()
	if err != nil {
		return reply{}, err
	}
	wanted, err := text(keys, "asset")
	if err != nil {
		return reply{}, err
	}
	filter, err := text(keys, "vulnerability")
	if err != nil {
		return reply{}, err
	}
	v, err := a.viewed(q)
	if err != nil {
		return reply{}, err
	}
	p, err := q.page(usualSize, assetSorts, "id")
	if err != nil {
		return reply{}, err
	}
	o := search.Options{Now: a.Now(), Server: a.ServerUUID.String()}
	e, errAsset := search.Assets(wanted, o)
	var errFindings error
	v.findings, errFindings = search.Findings(filter, o)
	if err := badQueries([]string{wanted, filter}, []error{errAsset, errFindings}); err != nil {
		return reply{}, err
	}
	found, more, err := a.assetPage(ctx, by, e, p)
	if err != nil {
		return reply{}, err
	}
	rows, err := a.assetRows(ctx, by, found.Rows, v)
	if err != nil {
		return reply{}, err
	}
	next := cursor{has: true}
	if last := found.Last(); last != nil {
		last[len(last)-1] = rows[len(rows)-1].ID
		next = cursorOf(assetResource, p.orders, last)
	}
	return q.paged(p, rows, len(rows), found.Total, next, more), nil
}

func (a api) getAsset(ctx context.Context, by harrier.Actor, q *query) (reply, error) {
	v, err := a.viewed(q)
	if err != nil {
		return reply{}, err
	}
	id, ok := a.assetNumber(q.PathValue("id"))
	if !ok {
		return reply{}, errNoAsset
	}
	one, err := a.Assets.Asset(ctx, by, id)
	if kind := harrier.KindOf(err); err != nil && (kind == harrier.NotFound || kind == harrier.Forbidden) {
		return reply{}, errNoAsset
	}
	if err != nil {
		return reply{}, err
	}
	rows, err := a.assetRows(ctx, by, []harrier.Asset{one}, v)
	if err != nil {
		return reply{}, err
	}
	return reply{body: rows[0], root: "AssetSummary"}, nil
}

// assetPage returns a page of the assets that e holds for, and whether there are
// some behind it.
func (a api) assetPage(ctx context.Context, by harrier.Actor, e harrier.Expr, p paging) (found harrier.Found[harrier.Asset], more bool, err error) {
	w := harrier.Walk{Sort: p.sort(), Limit: p.size + 1}
	if p.cursor == "" {
		w.Offset = p.offset()
	} else if w.After, err = p.position(assetResource, len(w.Sort)+1); err != nil {
		return found, false, err
	} else {
		text, _ := w.After[len(w.Sort)].(string)
		id, ok := a.assetNumber(text)
		if !ok {
			return found, false, errCursor
		}
		w.After[len(w.Sort)] = int64(id)
	}
	found, err = a.Assets.Search(ctx, by, e, w)
	if more = len(found.Rows) > p.size; more {
		found.Rows, found.Positions = found.Rows[:p.size], found.Positions[:p.size]
	}
	return found, more, err
}

package securitycenter

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/report"
)

// Questions reads asset lists and saved queries, which are kept in the words of
// this API, for reports that are made of them later, whoever asks.
func Questions(rooms kit.Rooms) report.Questions {
	if rooms.Now == nil {
		rooms.Now = time.Now
	}
	return questions{api{Rooms: rooms}}
}

type questions struct{ a api }

// OfList is the condition that a finding's asset is in a list.
func (q questions) OfList(ctx context.Context, by harrier.Actor, list harrier.ID) (harrier.Expr, error) {
	return q.a.assetExpr(ctx, by, list)
}

// OfQuery is what a saved query asks of findings.
func (q questions) OfQuery(ctx context.Context, by harrier.Actor, s harrier.SavedQuery) (report.Question, error) {
	d, err := definitionOf(s)
	if err != nil {
		return report.Question{}, fault(codeInvalid, 0, "The query can not be read.")
	}
	var list filters
	if len(d.Filters) > 0 {
		if err := json.Unmarshal(d.Filters, &list); err != nil {
			return report.Question{}, fault(codeInvalid, 0, "The parameter 'filters' is invalid.")
		}
	}
	out := report.Question{}
	source := strings.ToLower(string(d.SourceType))
	switch source {
	case patched:
		out.State = harrier.ClosedFindings
	case individual:
		var scan given
		if len(d.Scan) > 0 && json.Unmarshal(d.Scan, &scan) != nil || scan <= 0 {
			return out, fault(codeInvalid, 0, "Please specify a scanID for the individual data source.")
		}
		out.Scan = harrier.ID(scan)
	case "", cumulative:
		source = cumulative
	default:
		return out, fault(codeInvalid, 0, "The sourceType '%s' is invalid (cumulative, patched, individual).", cut(source, 32))
	}
	if len(list) == 0 {
		return out, nil
	}
	out.Expr, err = q.a.reading(ctx, by, source).expr(list)
	return out, err
}

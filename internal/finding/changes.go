package finding

import (
	"context"
	"time"

	"github.com/harrier-scan/harrier"
)

// maxChanged bounds the assets of one question.
const maxChanged = 1000

// Changes tells for each of the assets which of its findings that e holds for
// changed between two instants: open at the second only, at the first only, and
// with same at both; as they show under the exceptions now. Of an asset outside
// of by's scope it tells none. It answers Forbidden without the right to read
// findings, Invalid for a first instant after the second, and like Findings.
func (r *Room) Changes(
	ctx context.Context, by harrier.Actor, assets []harrier.ID, e harrier.Expr, from, to time.Time, same bool,
) ([]harrier.Changes, error) {
	switch {
	case !by.May(harrier.ReadFindings):
		return nil, harrier.Errorf(harrier.Forbidden, "you may not read findings")
	case r.ChangesOf == nil:
		return nil, harrier.Errorf(harrier.Unavailable, "findings can not be compared here")
	case from.After(to):
		return nil, harrier.Invalidf("from", "is after the instant to compare with")
	case len(assets) > maxChanged:
		return nil, harrier.Invalidf("assets", "are more than %d", maxChanged)
	}
	return r.ChangesOf(ctx, assets, by.Within(e), from, to, same, r.Now())
}

package insightvm

import (
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
	formatnexpose "github.com/harrier-scan/harrier/internal/format/nexpose"
)

// vulnerability finds what an id stands for. It answers NotFound.
func (a api) vulnerability(ctx context.Context, id string) (harrier.Vulnerability, error) {
	id = strings.ToLower(strings.TrimSpace(id))
	if n, ok := formatnexpose.Number(id); ok {
		return a.Vulns.Vulnerability(ctx, n)
	}
	v, err := a.Vulns.BySlug(ctx, id)
	if err != nil && harrier.KindOf(err) == harrier.NotFound {
		if upper, other := a.Vulns.BySlug(ctx, strings.ToUpper(id)); other == nil {
			return upper, nil
		}
	}
	return v, err
}

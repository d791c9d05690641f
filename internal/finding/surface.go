package finding

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
)

// Surface is what folding asks about hosts of scans that begin with a survey.
type Surface interface {
	// Facts are what a host and its services add to the attack surface.
	Facts(sc harrier.Scan, h harrier.Host, services []harrier.Service) []harrier.Fact
	// Unasked are the checks of the survey that could not be made of a host: that
	// the rest of its run went to the end proves nothing about them.
	Unasked(ctx context.Context, sc harrier.Scan, h harrier.Host) ([]harrier.Done, error)
}

// unasked adds to what a host's run said of its checks what the survey before it
// could not look at. What has no address is told of by the survey itself.
func (f *folding) unasked(ctx context.Context, s *scan, h *host, said []harrier.Done) ([]harrier.Done, error) {
	if s.Plan.Survey == nil || f.Surface == nil || !h.row.Addr.IsValid() {
		return said, nil
	}
	more, err := f.Surface.Unasked(ctx, s.Scan, h.row.Host)
	return slices.Concat(said, more), err
}

// surface keeps what a host whose run has ended adds to the attack surface.
func (f *folding) surface(ctx context.Context, s *scan, h *host) error {
	if s.Plan.Survey == nil || f.Surface == nil || !h.row.Addr.IsValid() {
		return nil
	}
	var facts []harrier.Fact
	f.guard(ctx, s, h, func() { facts = f.Surface.Facts(s.Scan, h.row.Host, sortedServices(h.services)) })
	if len(facts) == 0 {
		return nil
	}
	return f.Store.PutFacts(ctx, s.Site, s.ID, facts)
}

// aboutScreenshots keeps pictures of pages. One that is none is left out: it
// must not hold up what the survey found.
func (f *folding) aboutScreenshots(ctx context.Context, s *scan, res *harrier.Result) error {
	for _, p := range res.Screenshots {
		if err := p.Check(); err != nil {
			f.Log.WarnContext(ctx, "a picture of a page is left out", "scan", s.ID, "engine", res.Engine, "err", err)
			continue
		}
		p.At = f.when(s, p.At)
		if err := f.Store.PutScreenshot(ctx, s.Site, s.ID, p); err != nil {
			return err
		}
	}
	return nil
}

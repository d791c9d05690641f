package surface

import (
	"cmp"
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/surface/shot"
)

// The bounds of the pictures of one survey.
const (
	maxPictures    = 200
	maxPictureTime = 5 * time.Minute
)

// front is a start page, and the address that it came from.
type front struct {
	node Node
	at   netip.AddrPort
}

// front notes a start page that can be looked at.
func (d *discovery) front(n Node, s *site) {
	if d.o.Browser == "" || !pictured(s.base(), s.res) {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fronts = append(d.fronts, front{n, s.at})
}

// pictured reports whether an answer is a page that people see. One that leads
// to another server is not: that is asked by itself, if it is own.
func pictured(u *url.URL, res *answer) bool {
	switch res.StatusCode / 100 {
	case 2, 4:
		return strings.Contains(strings.ToLower(res.Header.Get("Content-Type")), "html")
	case 3:
		to, err := u.Parse(res.Header.Get("Location"))
		return err == nil && res.StatusCode != http.StatusNotModified && res.Header.Get("Location") != "" && to.Scheme == u.Scheme && strings.EqualFold(to.Host, u.Host)
	}
	return false
}

// pictures takes pictures of start pages, one after the other, and publishes
// them. A page of which none can be taken has none. What the survey found was
// published before: only the end of ctx and a failure to publish are errors.
func pictures(ctx context.Context, o Options, fronts []front, publish func(context.Context, harrier.Result) error) error {
	slices.SortFunc(fronts, func(a, b front) int { return cmp.Or(a.node.Compare(b.node), a.at.Compare(b.at)) })
	fronts = slices.CompactFunc(fronts, func(a, b front) bool { return a.node == b.node })
	enough, cancel := context.WithTimeout(ctx, maxPictureTime)
	defer cancel()
	for _, f := range fronts[:min(len(fronts), maxPictures)] {
		u, err := url.Parse(f.node.Key)
		if err != nil || enough.Err() != nil {
			continue
		}
		webp, err := shot.Take(enough, o.Net, o.Browser, shot.Page{URL: u, At: f.at})
		if err != nil {
			continue
		}
		if err := publish(ctx, harrier.Result{Screenshots: []harrier.Screenshot{{Node: f.node, At: o.Now().UTC(), WebP: webp}}}); err != nil {
			return err
		}
	}
	return ctx.Err()
}

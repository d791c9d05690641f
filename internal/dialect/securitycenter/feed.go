package securitycenter

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// feedItem tells of one kind of content.
type feedItem struct {
	UpdateTime    string `json:"updateTime"`
	Stale         string `json:"stale"`
	UpdateRunning string `json:"updateRunning"`
	Subscription  string `json:"subscriptionStatus"`
}

// feeds are all kinds of content; Harrier has no passive and no log plugins.
type feeds struct {
	SC      feedItem `json:"sc"`
	Active  feedItem `json:"active"`
	Passive feedItem `json:"passive"`
	LCE     feedItem `json:"lce"`
}

func (a api) feedRoutes(m *router) {
	m.handle("GET /feed", a.listFeeds)
	m.handle("GET /feed/{type}", a.getFeed)
	m.handle("POST /feed/{type}/update", a.updateFeed)
	m.handle("POST /feed/{type}/process", a.processFeed)
}

func (a api) feeds(ctx context.Context) feeds {
	at := a.contentTime(ctx)
	running := a.Updating != nil && !a.Updating().IsZero()
	content := feedItem{stime(at), sbool(a.stale(at)), sbool(running), "Valid"}
	none := feedItem{"0", sbool(false), sbool(false), "N/A"}
	return feeds{SC: content, Active: content, Passive: none, LCE: none}
}

func (a api) listFeeds(ctx context.Context, _ harrier.Actor, _ *query) (any, error) {
	return a.feeds(ctx), nil
}

func (a api) getFeed(ctx context.Context, _ harrier.Actor, q *query) (any, error) {
	f := a.feeds(ctx)
	switch q.path("type") {
	case "all":
		return f, nil
	case "sc":
		return f.SC, nil
	case "active":
		return f.Active, nil
	case "passive":
		return f.Passive, nil
	case "lce":
		return f.LCE, nil
	}
	return nil, noObject("Feed", q.path("type"), "retrieve")
}

// updateFeed asks for content, where the operator lets the console fetch it.
// All kinds come together.
func (a api) updateFeed(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	if err := a.mayFeed(ctx, by, q); err != nil {
		return nil, err
	}
	if a.UpdateContent == nil {
		return nil, harrier.Errorf(harrier.Invalid, "This console does not fetch content: the setting 'feed_update' is empty. Use 'harrier feed update'.")
	}
	if err := a.Identity.Record(ctx, by, "content.update", "content", ""); err != nil {
		return nil, err
	}
	a.UpdateContent()
	return nil, nil
}

// processFeed refuses: packs are taken by the command line, where the trust in
// their makers is kept.
func (a api) processFeed(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	if err := a.mayFeed(ctx, by, q); err != nil {
		return nil, err
	}
	return nil, harrier.Errorf(harrier.Invalid, "Packs of content are taken by 'harrier feed', not here.")
}

func (a api) mayFeed(ctx context.Context, by harrier.Actor, q *query) error {
	if _, err := a.getFeed(ctx, by, q); err != nil {
		return err
	}
	if !by.May(harrier.OperateConsole) {
		return notAllowed("You may not update feeds.")
	}
	return nil
}

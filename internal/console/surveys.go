package console

import (
	"context"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	"github.com/harrier-scan/harrier/internal/store"
	"github.com/harrier-scan/harrier/internal/surface/judge"
	"github.com/harrier-scan/harrier/internal/survey"
)

// surveyRoom is the room of attack surfaces, over the others.
func surveyRoom(db *store.DB, rooms kit.Rooms, guard func(context.Context) (harrier.Guard, error)) *survey.Room {
	named := map[harrier.VulnID]survey.Rule{}
	for _, r := range judge.Rules() {
		named[r.ID] = survey.Rule{URN: r.URN, Category: r.Category}
	}
	return survey.New(survey.Config{
		Store: db, Sites: rooms.Sites, Scans: rooms.Scans, Findings: rooms.Findings, Assets: rooms.Assets, Repositories: rooms.Repositories,
		Tickets: rooms.Alerts, Vulns: rooms.Vulns, Installation: rooms.ServerUUID, Now: time.Now, Guard: guard, Rules: named,
	})
}

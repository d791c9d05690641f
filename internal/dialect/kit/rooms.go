package kit

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/alert"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/fleet"
	"github.com/harrier-scan/harrier/internal/identity"
	"github.com/harrier-scan/harrier/internal/policy"
	"github.com/harrier-scan/harrier/internal/report"
	"github.com/harrier-scan/harrier/internal/scan"
	"github.com/harrier-scan/harrier/internal/site"
	"github.com/harrier-scan/harrier/internal/survey"
	"github.com/harrier-scan/harrier/internal/vuln"
)

// Rooms is what a door may call. All fields but Now, UpdateContent, Updating and
// Restart are set.
type Rooms struct {
	Identity *identity.Room
	Sites    *site.Room
	Policies *policy.Room
	Scans    *scan.Room
	Findings *finding.Room
	Assets   *asset.Room
	Vulns    *vuln.Room
	Fleet    *fleet.Room
	Reports  *report.Room
	Alerts   *alert.Room
	Surveys  *survey.Room

	// Restart asks the console to end in good order, after the requests that are
	// under way, and to begin again.
	Restart func()
	// UpdateContent asks the console to fetch content anew, soon; to ask again
	// before it does changes nothing. Nil: this console does not fetch content.
	UpdateContent func()
	// Updating tells since when the console fetches content; the zero time: it does
	// not. Nil: it never does.
	Updating     func() time.Time
	AssetLists   *asset.Lists
	Tags         *asset.Tags
	Repositories *asset.Repositories
	Connections  *asset.Connections

	// Together runs calls of rooms as one: all that they store is kept when do
	// returns nil, else none of it. They have to be given the context of do.
	Together func(ctx context.Context, do func(ctx context.Context) error) error

	Version    string           // of Harrier: "0.3.0"
	Started    time.Time        // of the console
	ServerUUID harrier.UUID     // of the installation
	Now        func() time.Time // nil: time.Now
	Log        *slog.Logger
}

// Dialect is one public API.
type Dialect struct {
	Name string // "nessus"
	// Owns reports whether a request is for this dialect, by its path alone:
	// all dialects answer at every listener and under every host name.
	Owns    func(*http.Request) bool
	Handler func(Rooms) http.Handler
	// OpenAPI is the description of a JSON dialect, an OpenAPI 3 document; nil
	// for others.
	OpenAPI []byte
}

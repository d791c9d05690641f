package nexpose

import (
	"net/http"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// sidePrefixes are the first parts of the paths of the side doors.
//
// Source: section 14.
var sidePrefixes = []string{"/api/2.0/", "/api/2.1/", "/data/", "/reports/", "/ajax/"}

func ownsSide(path string) bool {
	for _, p := range sidePrefixes {
		if strings.HasPrefix(path+"/", p) {
			return true
		}
	}
	return path == "/login.html" || path == "/" || path == exceptionsPath
}

// sideDoors are what clients call beside the XML API.
func (a *api) sideDoors() http.Handler {
	m := kit.NewMux(kit.Wire{Fail: a.failSide, Log: a.Log})
	a.assetDoors(m)
	a.reportDoors(m)
	a.scanDoors(m)
	a.scanTemplateDoors(m)
	a.siteDoors(m)
	a.tagDoors(m)
	a.templateDoors(m)
	a.vulnDoors(m)
	return m
}

// failSide tells a client of a side door of an error. Whoever is not signed in
// is sent to the login page, by which the gem knows.
func (a *api) failSide(w http.ResponseWriter, r *http.Request, err error) {
	status := statuses[harrier.KindOf(err)]
	if status == http.StatusUnauthorized {
		http.Redirect(w, r, "/login.html", http.StatusFound)
		return
	}
	http.Error(w, told(err), status)
}

// statuses are the whole error policy of the side doors.
var statuses = map[harrier.Kind]int{
	harrier.Invalid:         http.StatusBadRequest,
	harrier.Unauthenticated: http.StatusUnauthorized,
	harrier.Forbidden:       http.StatusForbidden,
	harrier.NotFound:        http.StatusNotFound,
	harrier.Conflict:        http.StatusConflict,
	harrier.Unavailable:     http.StatusServiceUnavailable,
	harrier.Internal:        http.StatusInternalServerError,
}

package console

import (
	"net/http"

	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// handler gives each request to the dialect that owns its path; every dialect
// answers on every listener, under any host name. A path of nobody is told in
// the way that all of them share.
func handler(rooms kit.Rooms, dialects []kit.Dialect) http.Handler {
	type door struct {
		owns  func(*http.Request) bool
		serve http.Handler
	}
	doors := make([]door, len(dialects))
	for i, d := range dialects {
		doors[i] = door{d.Owns, d.Handler(rooms)}
	}
	described := descriptions(dialects)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if described.answer(w, r) {
			return
		}
		for _, d := range doors {
			if d.owns(r) {
				d.serve.ServeHTTP(w, r)
				return
			}
		}
		kit.WriteJSON(w, http.StatusNotFound, []byte(`{"error":"The requested file was not found"}`))
	})
}

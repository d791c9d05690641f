package apiv3

// secretRoutes are the secret by which an engine pairs with the console: an
// enrolment token for one engine.
//
// Source: section 12, row 18.
func (a *api) secretRoutes() {
	a.handle("GET /scan_engines/shared_secret", func(q *query) (any, error) {
		token, _, err := a.Fleet.SharedSecret(q.ctx(), q.by)
		return token, err
	})
	a.handle("POST /scan_engines/shared_secret", func(q *query) (any, error) {
		return a.Fleet.NewSharedSecret(q.ctx(), q.by)
	})
	a.handle("DELETE /scan_engines/shared_secret", func(q *query) (any, error) {
		if err := a.Fleet.RevokeSharedSecret(q.ctx(), q.by); err != nil {
			return nil, err
		}
		return q.done()
	})
	a.handle("GET /scan_engines/shared_secret/time_to_live", func(q *query) (any, error) {
		_, left, err := a.Fleet.SharedSecret(q.ctx(), q.by)
		return int(left.Seconds()), err
	})
}

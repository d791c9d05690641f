package console

import (
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/fleet"
	"github.com/harrier-scan/harrier/internal/gate"
	"github.com/harrier-scan/harrier/internal/pki"
	"github.com/harrier-scan/harrier/internal/secret"
	"github.com/harrier-scan/harrier/internal/store"
)

// openGate starts to listen for engines elsewhere, if there is an address for
// them. Its certificate is always of the console's own authority, which engines
// recognise.
func (con *Console) openGate(ctx context.Context, authority *pki.Authority, box *secret.Box) error {
	c := con.config
	engines := con.core.rooms.Fleet
	engines.Present = func(secret string) string { return gate.Token(secret, authority.Certificate().Raw) }
	if c.BusListen == "" {
		return nil
	}
	pair, err := authority.Gate(time.Now())
	if err != nil {
		return err
	}
	con.gate, err = gate.Open(ctx, gate.Config{
		Listen: c.BusListen, TLS: pair, Authority: authority, Fleet: engines, Bus: con.conn, Box: box, Logins: con.core.logins,
		Redeliver: c.Redeliver, Log: con.log,
	})
	if err != nil {
		return err
	}
	engines.Changed = con.gate.Changed
	con.closers = append(con.closers, func() error { con.gate.Close(); return nil })
	con.log.InfoContext(ctx, "engines may join", "address", con.gate.Addr(), "console", gate.Fingerprint(authority.Certificate().Raw))
	return nil
}

// besides opens the database of a console that may be running, and its fleet.
// What is changed there is in force within a second.
func besides(ctx context.Context, c Config, use func(*fleet.Room, *pki.Authority) error) error {
	return beside(ctx, c, func(db *store.DB) error {
		authority, err := pki.Open(filepath.Join(c.Data, "tls"), time.Now())
		if err != nil {
			return err
		}
		return use(fleet.New(fleet.Config{Store: db, Log: slog.New(slog.DiscardHandler), Present: func(secret string) string {
			return gate.Token(secret, authority.Certificate().Raw)
		}}), authority)
	})
}

// EngineToken makes a token with which one engine can enrol, and tells the
// fingerprint of the console. The console may be running.
func EngineToken(ctx context.Context, c Config, n fleet.NewToken) (token, fingerprint string, err error) {
	err = besides(ctx, c, func(r *fleet.Room, a *pki.Authority) error {
		fingerprint = gate.Fingerprint(a.Certificate().Raw)
		token, err = r.Token(ctx, operator, n)
		return err
	})
	return token, fingerprint, err
}

// RevokeEngine ends the trust in the engine of that name. The console may be
// running. It answers NotFound.
func RevokeEngine(ctx context.Context, c Config, name string) error {
	return besides(ctx, c, func(r *fleet.Room, _ *pki.Authority) error {
		list, err := r.Engines(ctx, operator)
		if err != nil {
			return err
		}
		for _, e := range list {
			if e.Name == name {
				return r.Revoke(ctx, operator, e.ID)
			}
		}
		return harrier.Errorf(harrier.NotFound, "no engine %q", name)
	})
}

// EngineList lists the engines and pools of a console that may be running.
func EngineList(ctx context.Context, c Config) (engines []harrier.Engine, pools []harrier.Pool, err error) {
	err = besides(ctx, c, func(r *fleet.Room, _ *pki.Authority) error {
		if engines, err = r.Engines(ctx, operator); err != nil {
			return err
		}
		pools, err = r.Pools(ctx, operator)
		return err
	})
	return engines, pools, err
}

// Package server listens: TLS on every address that the operator named, limits
// against slow and oversized requests, a request log, and an orderly end.
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
)

// Config is how a server listens. The zero value of a field is usable where a
// default is named.
type Config struct {
	Listen  []string // addresses such as ":8834" or "127.0.0.1:3780"
	TLS     *tls.Config
	Handler http.Handler
	Proxies []netip.Prefix // whose word is taken for what their clients asked
	Drain   time.Duration  // how long requests may finish at the end; 0 means 10s
	Log     *slog.Logger
}

// Server is a set of listeners that are open already.
type Server struct {
	config    Config
	listeners []net.Listener
}

// Listen opens all addresses, or none. It answers Unavailable, naming the
// address, for one that can't be had.
func Listen(ctx context.Context, c Config) (*Server, error) {
	s := &Server{config: c}
	var lc net.ListenConfig
	for _, addr := range c.Listen {
		l, err := lc.Listen(ctx, "tcp", addr)
		if err != nil {
			s.Close()
			return nil, harrier.Errorf(harrier.Unavailable, "can not listen on %s", addr).Because(err)
		}
		s.listeners = append(s.listeners, l)
	}
	return s, nil
}

// Addrs are the addresses in use, in the order of the configuration.
func (s *Server) Addrs() []net.Addr {
	out := make([]net.Addr, len(s.listeners))
	for i, l := range s.listeners {
		out[i] = l.Addr()
	}
	return out
}

// Close closes the listeners of a server that was never run.
func (s *Server) Close() {
	for _, l := range s.listeners {
		_ = l.Close() // nothing was served on it
	}
}

// Run serves until ctx ends, then lets requests finish for the drain time.
func (s *Server) Run(ctx context.Context) error {
	web := &http.Server{
		Handler:           proxied(s.config.Proxies, logged(s.config.Log, patient(s.config.Handler, bodyPatience))),
		TLSConfig:         s.config.TLS,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug),
	}
	g, running := errgroup.WithContext(ctx)
	for _, l := range s.listeners {
		g.Go(func() error {
			if err := web.ServeTLS(l, "", ""); !errors.Is(err, http.ErrServerClosed) {
				return fmt.Errorf("serve %s: %w", l.Addr(), err)
			}
			return nil
		})
	}
	g.Go(func() error {
		<-running.Done()
		drain := s.config.Drain
		if drain == 0 {
			drain = 10 * time.Second
		}
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		if err := web.Shutdown(end); err != nil {
			return web.Close() // the drain time is over
		}
		return nil
	})
	return g.Wait()
}

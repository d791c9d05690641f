package gate

import (
	"context"
	"crypto/x509"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"

	"github.com/harrier-scan/harrier"
)

// admission judges each connection: the console's own, an engine with a
// certificate, or somebody with an enrolment token. It is called by the NATS
// server.
type admission struct{ g *Gate }

// Check lets a connection in, with what it may do, or not.
func (a admission) Check(c natsserver.ClientAuthentication) bool {
	g, state := a.g, c.GetTLSConnectionState()
	if state == nil { // only this process can connect without TLS
		return c.GetOpts().Token == g.secret
	}
	var user *natsserver.User
	var err error
	if len(state.PeerCertificates) > 0 {
		user, err = g.engineUser(state.PeerCertificates[0], c.GetID())
	} else {
		user, err = g.newcomer(c.GetOpts().Token)
	}
	if err != nil {
		g.Log.Warn("engine refused", "from", c.RemoteAddress(), "err", harrier.MessageOf(err))
		return false
	}
	c.RegisterUser(user)
	return true
}

// may are the permissions of a connection: what is not allowed is denied, and
// no answer to anybody else's request.
func may(publish, subscribe []string) *natsserver.Permissions {
	return &natsserver.Permissions{
		Publish:   &natsserver.SubjectPermission{Allow: publish},
		Subscribe: &natsserver.SubjectPermission{Allow: subscribe},
	}
}

// engineUser is the user of an engine with that certificate. It ends with the
// certificate.
func (g *Gate) engineUser(leaf *x509.Certificate, link uint64) (*natsserver.User, error) {
	roots := x509.NewCertPool()
	roots.AddCert(g.Authority.Certificate())
	now := g.Now()
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		why := "is not of this console"
		if now.After(leaf.NotAfter) {
			why = "has expired"
		}
		return nil, harrier.Errorf(harrier.Unauthenticated, "the certificate of %q %s", leaf.Subject.CommonName, why).Because(err)
	}
	id, err := harrier.ParseUUID(leaf.Subject.CommonName)
	if err != nil {
		return nil, harrier.Errorf(harrier.Unauthenticated, "the certificate of %q is not an engine's", leaf.Subject.CommonName)
	}
	key, err := x509.MarshalPKIXPublicKey(leaf.PublicKey)
	if err != nil {
		return nil, harrier.Errorf(harrier.Unauthenticated, "the certificate of %q has a key of an unknown kind", leaf.Subject.CommonName)
	}
	if err := g.look(context.Background()); err != nil { // the newest, for a revocation a moment ago
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	e, found := g.engines[id]
	switch {
	case !found:
		return nil, harrier.Errorf(harrier.Unauthenticated, "engine %s is not known any more", id)
	case !e.Revoked.IsZero():
		return nil, harrier.Errorf(harrier.Unauthenticated, "engine %q was revoked", e.Name)
	case string(e.Key) != string(key):
		return nil, harrier.Errorf(harrier.Unauthenticated, "engine %q has enrolled with another key since", e.Name)
	}
	if g.links[id] == nil {
		g.links[id] = map[uint64]bool{}
	}
	for old := range g.links[id] {
		if g.ns.GetClient(old) == nil {
			delete(g.links[id], old)
		}
	}
	g.links[id][link] = true
	return &natsserver.User{
		Username: id.String(), ConnectionDeadline: leaf.NotAfter,
		Permissions: may([]string{subject(id, "*")}, []string{inbox(id) + ".>", commands(id)}),
	}, nil
}

// newcomer is the user of somebody with an enrolment token: for a minute, and
// for one request.
func (g *Gate) newcomer(secret string) (*natsserver.User, error) {
	if secret == "" {
		return nil, harrier.Errorf(harrier.Unauthenticated, "there is neither a certificate nor a token")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := g.Fleet.Admits(ctx, secret); err != nil {
		return nil, err
	}
	own := visitor(secret)
	return &natsserver.User{
		Username: own, ConnectionDeadline: time.Now().Add(time.Minute),
		Permissions: may([]string{"enrol." + own}, []string{"_INBOX." + own + ".>"}),
	}, nil
}

// visitor is what a newcomer's subjects are called: nobody else can guess it,
// and it does not give the token away.
func visitor(secret string) string {
	return "new-" + Fingerprint([]byte("harrier newcomer " + secret))[:32]
}

package gate

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/harrier-scan/harrier"
)

// Identity is an engine's keys, made on it and kept in a folder that only its
// owner can read, and the papers that the console gave it. Its methods may
// overlap.
type Identity struct {
	dir  string
	sign *ecdsa.PrivateKey // of its certificate
	box  *ecdh.PrivateKey  // credentials are sealed to it

	mu     sync.Mutex
	papers papers // UUID zero before its enrolment
}

// OpenIdentity reads the keys in dir, or makes them. It answers Unavailable for
// a folder that can not be used and Invalid for files that are not ours.
func OpenIdentity(dir string) (*Identity, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the folder %s can not be made", dir).Because(err)
	}
	i := &Identity{dir: dir}
	if err := i.readKeys(); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(i.path("console.json"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return i, nil
	case err != nil:
		return nil, harrier.Errorf(harrier.Unavailable, "%s can not be read", i.path("console.json")).Because(err)
	}
	if err := json.Unmarshal(b, &i.papers); err != nil {
		return nil, harrier.Errorf(harrier.Invalid, "%s is damaged", i.path("console.json")).Because(err)
	}
	return i, nil
}

func (i *Identity) path(name string) string { return filepath.Join(i.dir, name) }

func (i *Identity) readKeys() error {
	b, err := os.ReadFile(i.path("keys.pem"))
	if errors.Is(err, fs.ErrNotExist) {
		return i.makeKeys()
	}
	if err != nil {
		return harrier.Errorf(harrier.Unavailable, "%s can not be read", i.path("keys.pem")).Because(err)
	}
	for {
		var block *pem.Block
		if block, b = pem.Decode(b); block == nil {
			break
		}
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			break
		}
		switch key := key.(type) {
		case *ecdsa.PrivateKey:
			i.sign = key
		case *ecdh.PrivateKey:
			i.box = key
		}
	}
	if i.sign == nil || i.box == nil {
		return harrier.Errorf(harrier.Invalid, "%s is damaged", i.path("keys.pem"))
	}
	return nil
}

func (i *Identity) makeKeys() (err error) {
	if i.sign, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	if i.box, err = ecdh.X25519().GenerateKey(rand.Reader); err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	var b bytes.Buffer
	for _, key := range []any{i.sign, i.box} {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			return fmt.Errorf("encode key: %w", err)
		}
		_ = pem.Encode(&b, &pem.Block{Type: "PRIVATE KEY", Bytes: der}) // a buffer takes everything
	}
	return i.write("keys.pem", b.Bytes())
}

// write writes a file that only its owner can read, all or nothing.
func (i *Identity) write(name string, b []byte) error {
	path := i.path(name)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err == nil {
		_, err = f.Write(b)
		err = errors.Join(err, f.Sync(), f.Close())
	}
	if err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return harrier.Errorf(harrier.Unavailable, "%s can not be written", path).Because(err)
	}
	return nil
}

// Fingerprint is how the console shows this engine's keys.
func (i *Identity) Fingerprint() (string, error) {
	key, err := x509.MarshalPKIXPublicKey(i.sign.Public())
	if err != nil {
		return "", fmt.Errorf("encode key: %w", err)
	}
	return harrier.KeyFingerprint(key, i.box.PublicKey().Bytes()), nil
}

// Enrolled reports whether the engine has papers of a console.
func (i *Identity) Enrolled() bool { return !i.paper().UUID.IsZero() }

// Used reports whether the engine has enrolled with that token: it can be left on
// the command line.
func (i *Identity) Used(token string) bool {
	return i.Enrolled() && i.paper().Token == Fingerprint([]byte(token))
}

// UUID is that which the console gave the engine.
func (i *Identity) UUID() harrier.UUID { return i.paper().UUID }

// Name is what the console calls the engine.
func (i *Identity) Name() string { return i.paper().Name }

// Redeliver is after which silence the console gives a batch to another engine.
func (i *Identity) Redeliver() time.Duration { return time.Duration(i.paper().Redeliver) }

func (i *Identity) paper() papers {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.papers
}

// Logins reads what a job's scan signs in with. It answers Invalid for what was
// not sealed for this engine and this job.
func (i *Identity) Logins(_ context.Context, job harrier.Job) ([]harrier.Login, error) {
	if len(job.Sealed) == 0 {
		return nil, nil
	}
	text, err := openSealed(i.box, i.UUID(), job)
	if err != nil {
		return nil, err
	}
	var list []harrier.Login
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("read credentials: %w", err)
	}
	return list, nil
}

// take keeps papers that the console gave.
func (i *Identity) take(p papers) error {
	leaf, err := x509.ParseCertificate(p.Chain)
	if err != nil || leaf.Subject.CommonName != p.UUID.String() || !i.sign.PublicKey.Equal(leaf.PublicKey) {
		return harrier.Errorf(harrier.Invalid, "the console's papers are not for this engine")
	}
	p.Taken = time.Now().UTC()
	b, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return fmt.Errorf("encode papers: %w", err)
	}
	if err := i.write("console.json", b); err != nil {
		return err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.papers = p
	return nil
}

// ask is what the engine tells of its keys.
func (i *Identity) ask(name string) (keys, error) {
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "engine"}}, i.sign)
	if err != nil {
		return keys{}, fmt.Errorf("ask for a certificate: %w", err)
	}
	return keys{Name: name, Box: i.box.PublicKey().Bytes(), Request: der}, nil
}

// certificate is what the engine shows in a handshake: the newest.
func (i *Identity) certificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return &tls.Certificate{Certificate: [][]byte{i.paper().Chain}, PrivateKey: i.sign}, nil
}

// halfLife is when the certificate is to be renewed, by this machine's clock,
// which may differ from the console's.
func (i *Identity) halfLife() time.Time {
	p := i.paper()
	return p.Taken.Add(time.Duration(p.Life) / 2)
}

// trusts returns TLS settings for a console whose authority is the one that is
// looked for. Names play no part: the authority is the console's own, and signs
// no other server.
func trusts(is func(authority []byte) bool) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, InsecureSkipVerify: true, //nolint:gosec // VerifyConnection does it, without names
		VerifyConnection: func(s tls.ConnectionState) error {
			chain := s.PeerCertificates
			if len(chain) != 2 || !is(chain[1].Raw) {
				return errOther
			}
			roots := x509.NewCertPool()
			roots.AddCert(chain[1])
			_, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
			return err
		},
	}
}

var errOther = harrier.Errorf(harrier.Unauthenticated, "this is not the console that was expected: its fingerprint is another")

// Enrol makes the engine known to the console at an address, which has to be
// the one that made the token; the name is a wish. By waits for the console's
// call instead of dialling it; nil dials. It answers Invalid for a token that is
// none, Unauthenticated for another console or when the token is refused,
// Conflict for a name that is taken.
func (i *Identity) Enrol(ctx context.Context, address, token, name string, by *Caller) error {
	secret, pin, err := splitToken(token)
	if err != nil {
		return err
	}
	own := visitor(secret)
	opts := []nats.Option{
		nats.Secure(trusts(func(authority []byte) bool { return pinned(authority, pin) })), nats.TLSHandshakeFirst(), nats.Token(secret),
		nats.CustomInboxPrefix("_INBOX." + own), nats.MaxReconnects(0), nats.Timeout(10 * time.Second),
	}
	nc, err := reach(ctx, address, by, opts)
	if err != nil {
		return err
	}
	defer nc.Close()
	asked, err := i.ask(name)
	if err != nil {
		return err
	}
	p, err := request[papers](ctx, nc, "enrol."+own, struct {
		Token string `json:"token"`
		keys
	}{secret, asked})
	if err != nil {
		return err
	}
	if !pinned(p.Authority, pin) {
		return errOther
	}
	p.Token = Fingerprint([]byte(token))
	return i.take(p)
}

// reach connects; while a console has to call, it waits for that.
func reach(ctx context.Context, address string, by *Caller, opts []nats.Option) (*nats.Conn, error) {
	if by != nil {
		opts = append(opts, nats.SetCustomDialer(by))
		address = "console" // not looked up: the caller is whom it speaks with
	}
	for {
		nc, err := nats.Connect("tls://"+withPort(address), append(opts, nats.Name("harrier engine"),
			nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))...)
		switch {
		case err == nil:
			return nc, nil
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case errors.Is(err, errOther):
			return nil, errOther
		case errors.Is(err, nats.ErrAuthorization):
			return nil, harrier.Errorf(harrier.Unauthenticated, "the console refuses this engine; its log says why").Because(err)
		case by == nil:
			return nil, harrier.Errorf(harrier.Unavailable, "the console at %s does not answer", withPort(address)).Because(err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// request asks the console once.
func request[T any](ctx context.Context, nc *nats.Conn, subject string, ask any) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	var r reply[T]
	m, err := nc.RequestWithContext(ctx, subject, encode(ask))
	switch {
	case errors.Is(err, nats.ErrMaxPayload):
		return r.Give, harrier.Invalidf("result", "has more than %d bytes", maxMessage)
	case err != nil:
		return r.Give, harrier.Errorf(harrier.Unavailable, "the console does not answer").Because(err)
	}
	if err := json.Unmarshal(m.Data, &r); err != nil {
		return r.Give, fmt.Errorf("read answer: %w", err)
	}
	return r.Give, r.err()
}

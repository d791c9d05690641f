package pack

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/harrier-scan/harrier"
)

// Public is a key that packs are verified with.
type Public [ed25519.PublicKeySize]byte

// Private is a key that packs are signed with.
type Private ed25519.PrivateKey

// ID names a key in manifests and to people: the first 16 hexadecimal digits of
// its SHA-256.
func (p Public) ID() string {
	sum := sha256.Sum256(p[:])
	return hex.EncodeToString(sum[:8])
}

// String returns the key as 64 hexadecimal digits.
func (p Public) String() string { return hex.EncodeToString(p[:]) }

// Public returns the half that others verify with.
func (p Private) Public() Public { return Public(p[ed25519.SeedSize:]) }

// LogValue keeps the key out of logs.
func (p Private) LogValue() slog.Value { return slog.StringValue("key " + p.Public().ID()) }

// ParsePublic reads a key as people pass it on: 64 hexadecimal digits, with a
// name behind it on the same line if they like, or PEM as "openssl pkey -pubout"
// writes it. It answers Invalid for anything else.
func ParsePublic(text string) (Public, error) {
	if block, _ := pem.Decode([]byte(text)); block != nil {
		k, err := x509.ParsePKIXPublicKey(block.Bytes)
		if key, ok := k.(ed25519.PublicKey); ok && err == nil {
			return Public(key), nil
		}
		return Public{}, harrier.Errorf(harrier.Invalid, "the file holds no public ed25519 key").Because(err)
	}
	digits, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != ed25519.PublicKeySize || strings.Contains(strings.TrimSpace(text), "\n") {
		return Public{}, harrier.Errorf(harrier.Invalid, "a public key is a line of 64 hexadecimal digits, or PEM of an ed25519 key")
	}
	return Public(b), nil
}

// ParsePrivate reads a key in PEM, as PKCS #8: what an installation keeps, and
// "openssl genpkey -algorithm ed25519" makes. It answers Invalid for anything
// else.
func ParsePrivate(text []byte) (Private, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, harrier.Errorf(harrier.Invalid, "the file holds no private key in PEM")
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	key, ok := k.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, harrier.Errorf(harrier.Invalid, "the file holds no private ed25519 key").Because(err)
	}
	return Private(key), nil
}

// ReadPrivate reads a key from a file.
func ReadPrivate(file string) (Private, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "%s can not be read", file).Because(err)
	}
	return ParsePrivate(b)
}

// Key returns the installation's own key, made at first need.
func (p Place) Key() (Private, error) {
	file := filepath.Join(p.dir, "key")
	if _, err := os.Stat(file); err == nil {
		return ReadPrivate(file)
	}
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	if err := p.make(); err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	f, err := os.CreateTemp(p.dir, "key-")
	if err != nil {
		return nil, unwritable(p.dir, err)
	}
	defer os.Remove(f.Name())
	if err := finish(f, text); err != nil {
		return nil, err
	}
	// A link fails where another process was first: then its key is ours too.
	if err := os.Link(f.Name(), file); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, unwritable(file, err)
	}
	return ReadPrivate(file)
}

// Own reports whether a key id is that of the installation's own key. It makes
// none.
func (p Place) Own(id string) bool {
	key, err := ReadPrivate(filepath.Join(p.dir, "key"))
	return err == nil && key.Public().ID() == id
}

// Trust accepts what a key signs from now on.
func (p Place) Trust(k Public) error {
	dir := filepath.Join(p.dir, "trusted")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return unwritable(dir, err)
	}
	return replace(filepath.Join(dir, k.ID()+".pub"), []byte(k.String()+"\n"))
}

// Trusted returns the keys whose packs are accepted: those in the folder trusted,
// and the installation's own if it has one. A file there that is no key is an
// error: somebody wanted something by it.
func (p Place) Trusted() ([]Public, error) {
	files, err := filepath.Glob(filepath.Join(p.dir, "trusted", "*.pub"))
	if err != nil {
		return nil, err
	}
	var out []Public
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, harrier.Errorf(harrier.Unavailable, "%s can not be read", file).Because(err)
		}
		k, err := ParsePublic(string(b))
		if err != nil {
			return nil, harrier.Invalidf(file, "%s", harrier.MessageOf(err))
		}
		out = append(out, k)
	}
	if _, err := os.Stat(filepath.Join(p.dir, "key")); err == nil {
		own, err := p.Key()
		if err != nil {
			return nil, err
		}
		out = append(out, own.Public())
	}
	return out, nil
}

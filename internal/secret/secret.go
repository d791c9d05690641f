// Package secret keeps credentials at rest: a Box seals bytes with a key that
// lives in a file beside the data, so that the database, its backups and its
// exports hold no credential in the clear.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"log/slog"

	"github.com/harrier-scan/harrier"
)

// KeySize is the length of a key in bytes.
const KeySize = 32

// version is the first byte of everything sealed: AES-256-GCM under a key
// derived by HKDF-SHA-256, random nonce in front.
const version = 1

// Box seals and unseals with one key. Calls may overlap.
type Box struct{ key []byte }

// New returns the box of a key of KeySize bytes. It answers Invalid for
// another length.
func New(key []byte) (*Box, error) {
	if len(key) != KeySize {
		return nil, harrier.Invalidf("key", "has %d bytes, not %d", len(key), KeySize)
	}
	return &Box{append([]byte(nil), key...)}, nil
}

// Seal encrypts plaintext for one purpose. Purposes do not share keys: what was
// sealed for one ("policy 7 credential 2") can not be unsealed for another, so
// that sealed bytes moved to another place in the database are refused.
func (b *Box) Seal(purpose string, plaintext []byte) ([]byte, error) {
	aead, err := b.aead(purpose)
	if err != nil {
		return nil, err
	}
	return aead.Seal([]byte{version}, nil, plaintext, []byte(purpose)), nil
}

// Unseal returns what was sealed for purpose. It answers Invalid for bytes that
// were sealed with another key or for another purpose, or were changed since.
func (b *Box) Unseal(purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != version {
		return nil, harrier.Errorf(harrier.Invalid, "not a sealed secret of this version")
	}
	aead, err := b.aead(purpose)
	if err != nil {
		return nil, err
	}
	plaintext, err := aead.Open(nil, nil, sealed[1:], []byte(purpose))
	if err != nil {
		return nil, harrier.Errorf(harrier.Invalid, "the sealed secret does not fit the key of this installation").Because(err)
	}
	return plaintext, nil
}

func (b *Box) aead(purpose string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, b.key, nil, "harrier secret: "+purpose, KeySize)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("derive key: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// LogValue hides the key from logs.
func (*Box) LogValue() slog.Value { return slog.StringValue(hidden) }

// Text is a secret in the clear. It prints, logs and encodes as "[secret]";
// only Reveal returns it.
type Text string

const hidden = "[secret]"

// Reveal returns the secret itself.
func (t Text) Reveal() string { return string(t) }

// String returns "[secret]".
func (Text) String() string { return hidden }

// GoString returns "[secret]".
func (Text) GoString() string { return hidden }

// LogValue returns "[secret]".
func (Text) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText writes "[secret]".
func (Text) MarshalText() ([]byte, error) { return []byte(hidden), nil }

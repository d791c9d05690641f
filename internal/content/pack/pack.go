// Package pack keeps content from being changed on its way: a base file of
// package content travels as one signed file, a pack, and lies in the data folder
// beside the signature that it is held against each time it is loaded.
//
// # Format
//
// A pack is three lines of text and a body:
//
//	harrier content pack 1
//	{"sequence":1793354400,"created":…}      the manifest, JSON on one line
//	9f86d081884c7d659a2feaa0c55ad015…        the signature, 128 hexadecimal digits
//	body                                     the base, zstd
//
// The signature is ed25519 over the first two lines with their line ends. The
// manifest holds size and SHA-256 of the body as it travels and of the base that
// it unpacks to, so no byte of a pack can be another without it being refused,
// and a body that unpacks to more than was signed is given up there.
//
// # Folder
//
//	DATA/content/
//	  current                 JSON: name and sequence of the content in force
//	  installed/NAME/head     the three lines, as they came
//	  installed/NAME/base.db  the base
//	  trusted/*.pub           keys whose packs are accepted, a line each
//	  key                     the installation's own key, which signs what is built here
//
// Content is put into a new folder, written through to the disk, and then current
// is renamed over: whenever the power goes, one whole content is in force. The one
// before stays beside it until the next.
package pack

import (
	"bufio"
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/harrier-scan/harrier"
)

// Manifest says what a pack holds, who vouches for it, and since when.
type Manifest struct {
	// Sequence rises with each content. What is installed is never replaced by
	// less without being told to: an old pack, signed long ago, would bring back
	// what was not known then. It is the second of its making, or one more than
	// the one before, so that the packs of several publishers can follow each
	// other.
	Sequence  int64     `json:"sequence"`
	Created   time.Time `json:"created"`
	Expires   time.Time `json:"expires,omitzero"` // after which it is told to be too old; zero for never
	Publisher string    `json:"publisher"`
	Key       string    `json:"key"`     // id of the key that signed it
	Version   string    `json:"version"` // of the content, see content.Info

	Size         int64    `json:"size"`   // of the base, in bytes
	SHA256       string   `json:"sha256"` // of the base, lower case hexadecimal
	PackedSize   int64    `json:"packed_size,omitzero"`
	PackedSHA256 string   `json:"packed_sha256,omitzero"` // both zero for content that was built here and never packed
	Sources      []Source `json:"sources"`                // by name

	// Since is the Version that it was made upon, and Changed the keys whose
	// statements differ from there: what has that version needs to look only at
	// those. Both are empty where it was made anew or too much changed.
	Since   string   `json:"since,omitzero"`
	Changed []string `json:"changed,omitempty"`
}

// Source is a feed whose records are in the content.
type Source struct {
	Name      string    `json:"name"`
	Title     string    `json:"title,omitzero"`
	Publisher string    `json:"publisher,omitzero"`
	Home      string    `json:"home,omitzero"`
	Licence   string    `json:"licence,omitzero"`
	Notice    string    `json:"notice,omitzero"` // a text that the licence wants shown
	Class     string    `json:"class,omitzero"`  // see feed.Class
	Records   int       `json:"records"`
	Bad       int       `json:"bad,omitzero"` // records that could not be read
	Fetched   time.Time `json:"fetched,omitzero"`
}

// Stale is the age from which content is told to be old: someone may keep newer
// content away, which no signature shows.
const Stale = 7 * 24 * time.Hour

// Warnings are the doubts about content that are no reason to refuse it, in
// words for people.
func (m Manifest) Warnings(now time.Time) []string {
	var out []string
	if age := now.Sub(m.Created); age > Stale {
		out = append(out, fmt.Sprintf("the content is %d days old: update it, or see why newer content does not come", int(age.Hours()/24)))
	}
	if !m.Expires.IsZero() && now.After(m.Expires) {
		out = append(out, "the content expired on "+m.Expires.UTC().Format(time.DateOnly))
	}
	if m.Created.Sub(now) > 24*time.Hour {
		out = append(out, "the content says that it was made on "+m.Created.UTC().Format(time.DateOnly)+", which is not yet: look at the clock")
	}
	return out
}

// Bounds of a pack. MaxBase is about ten times what all feeds together make.
const (
	magic       = "harrier content pack 1\n"
	maxManifest = 1 << 20
	maxBase     = 32 << 30
)

// head is the signed part of a pack.
type head struct {
	text []byte // all three lines
	Manifest
}

// newHead signs a manifest.
func newHead(m Manifest, key Private) (head, error) {
	m.Key = key.Public().ID()
	b, err := json.Marshal(m)
	if err != nil {
		return head{}, err
	}
	text := append([]byte(magic), b...)
	text = append(text, '\n')
	signature := ed25519.Sign(ed25519.PrivateKey(key), text)
	text = append(hex.AppendEncode(text, signature), '\n')
	return head{text, m}, nil
}

// readHead reads the three lines in front of a body, and believes them only when
// one of keys has signed them. Name is the file's, for errors.
func readHead(name string, r *bufio.Reader, keys []Public) (head, error) {
	if first := take(r, len(magic)); string(first) != magic {
		return head{}, harrier.Invalidf(name, "it is no content pack of a kind that is known here")
	}
	manifest, err := line(r, maxManifest)
	if err != nil {
		return head{}, harrier.Invalidf(name, "it is cut off").Because(err)
	}
	written, err := line(r, 2*ed25519.SignatureSize+1)
	if err != nil {
		return head{}, harrier.Invalidf(name, "it has no signature").Because(err)
	}
	signed := append([]byte(magic), manifest...)
	signature := make([]byte, ed25519.SignatureSize)
	if n, err := hex.Decode(signature, written[:len(written)-1]); err != nil || n != len(signature) || !bytes.Equal(hex.AppendEncode(nil, signature), written[:len(written)-1]) {
		return head{}, harrier.Invalidf(name, "it has no signature")
	}
	h := head{text: append(signed, written...)}
	// What the manifest says is used for one thing before it is believed: to say
	// which key is missing.
	if err := json.Unmarshal(manifest, &h.Manifest); err != nil {
		return head{}, harrier.Invalidf(name, "its manifest is damaged").Because(err)
	}
	known := false
	for _, k := range keys {
		if k.ID() != h.Key {
			continue
		}
		known = true
		if ed25519.Verify(ed25519.PublicKey(k[:]), signed, signature) {
			return h, h.check(name)
		}
	}
	if !known {
		return head{}, harrier.Invalidf(name, "it is signed by the key %.64q, which is not trusted here", h.Key)
	}
	return head{}, harrier.Invalidf(name, "its signature is wrong: it was changed after %q signed it", h.Key)
}

// check holds a manifest, signed as it is, against what can be.
func (m Manifest) check(name string) error {
	switch {
	case m.Sequence <= 0, m.Created.IsZero():
		return harrier.Invalidf(name, "its manifest lacks a sequence number or a date")
	case m.Size <= 0 || m.Size > maxBase || m.PackedSize < 0 || m.PackedSize > maxBase:
		return harrier.Invalidf(name, "it says to be %d bytes large, which can not be", m.Size)
	case !isDigest(m.SHA256) || m.PackedSHA256 != "" && !isDigest(m.PackedSHA256):
		return harrier.Invalidf(name, "its manifest lacks a checksum")
	}
	return nil
}

func isDigest(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 32 && hex.EncodeToString(b) == s
}

// take reads n bytes, or as many as there are.
func take(r io.Reader, n int) []byte {
	b := make([]byte, n)
	n, _ = io.ReadFull(r, b)
	return b[:n]
}

// line reads up to and with a line end, at most limit bytes.
func line(r *bufio.Reader, limit int) ([]byte, error) {
	var out []byte
	for {
		part, err := r.ReadSlice('\n')
		if out = append(out, part...); len(out) > limit {
			return nil, errors.New("a line is too long")
		}
		if err == nil {
			return out, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
	}
}

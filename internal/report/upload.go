package report

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/harrier-scan/harrier"
)

// maxSameName is how many files of one name a user may have at a time.
const maxSameName = 10_000

// Upload stores a file of by and returns the name under which it is kept: name
// without its folders, with "-1", "-2" … before the extension when there is one
// already. It answers Forbidden for users who may neither edit sites nor
// policies, and Invalid for a file that is too large or has no usable name.
func (r *Room) Upload(ctx context.Context, by harrier.Actor, name string, from io.Reader) (string, error) {
	if by.Permissions&(harrier.EditSites|harrier.EditPolicies) == 0 {
		return "", harrier.Errorf(harrier.Forbidden, "you may not upload files")
	}
	name, err := safeName(name)
	if err != nil {
		return "", err
	}
	dir := r.uploads(by)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("upload: %w", err)
	}
	f, err := os.CreateTemp(dir, ".upload-*") // mode 0600
	if err != nil {
		return "", fmt.Errorf("upload: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }() // swept later when this fails
	defer func() { _ = f.Close() }()           // closed before on success
	n, err := io.Copy(f, io.LimitReader(contextReader{ctx, from}, r.MaxUpload+1))
	if err != nil {
		return "", fmt.Errorf("upload: %w", err)
	}
	if n > r.MaxUpload {
		return "", harrier.Invalidf("file", "is larger than %d bytes", r.MaxUpload)
	}
	if err := f.Close(); err != nil {
		return "", fmt.Errorf("upload: %w", err)
	}
	return settle(f.Name(), dir, name)
}

// settle gives the file its name, or the first free one like it. A link is made
// only where there is no file yet, so that two uploads can not collide.
func settle(path, dir, name string) (string, error) {
	extension := filepath.Ext(name)
	for i := range maxSameName {
		try := name
		if i > 0 {
			try = strings.TrimSuffix(name, extension) + "-" + strconv.Itoa(i) + extension
		}
		err := os.Link(path, filepath.Join(dir, try))
		if err == nil {
			return try, nil
		}
		if !errors.Is(err, fs.ErrExist) {
			return "", fmt.Errorf("upload: %w", err)
		}
	}
	return "", harrier.Errorf(harrier.Conflict, "there are too many files named %q", name)
}

// OpenUpload opens a file that by has uploaded. It answers NotFound. The caller
// closes it.
func (r *Room) OpenUpload(_ context.Context, by harrier.Actor, name string) (io.ReadCloser, error) {
	missing := harrier.Errorf(harrier.NotFound, "no uploaded file %q", name)
	safe, err := safeName(name)
	if err != nil || safe != name {
		return nil, missing
	}
	f, err := os.Open(filepath.Join(r.uploads(by), name))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing
	}
	if err != nil {
		return nil, err
	}
	return f, nil
}

// RemoveUpload removes a file that by has uploaded. It answers NotFound.
func (r *Room) RemoveUpload(_ context.Context, by harrier.Actor, name string) error {
	missing := harrier.Errorf(harrier.NotFound, "no uploaded file %q", name)
	safe, err := safeName(name)
	if err != nil || safe != name {
		return missing
	}
	err = os.Remove(filepath.Join(r.uploads(by), name))
	if errors.Is(err, fs.ErrNotExist) {
		return missing
	}
	return err
}

func (r *Room) uploads(by harrier.Actor) string {
	return filepath.Join(r.Dir, "uploads", strconv.FormatInt(int64(by.User), 10))
}

// safeName takes the folders off a name, in either notation. It answers Invalid
// for a name that is empty, hidden, too long, or has characters that are not
// printable.
func safeName(name string) (string, error) {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = strings.TrimSpace(name)
	switch {
	case name == "" || strings.HasPrefix(name, "."):
		return "", harrier.Invalidf("filename", "%q is not a file name", name)
	case len(name) > 200:
		return "", harrier.Invalidf("filename", "is longer than 200 bytes")
	case !utf8.ValidString(name) || strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return "", harrier.Invalidf("filename", "has characters that can not be printed")
	}
	return name, nil
}

// contextReader reads until its context ends.
type contextReader struct {
	ctx  context.Context
	from io.Reader
}

func (c contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.from.Read(b)
}

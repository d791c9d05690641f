package securitycenter

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"strings"

	"github.com/harrier-scan/harrier"
)

func (a api) fileRoutes(m *router) {
	m.handle("POST /file/upload", a.uploadFile)
	m.handle("POST /file/clear", a.clearFile)
}

const (
	maxFormValue = 64 << 10 // bytes of one value of an upload's form
	maxContent   = 4 << 20  // bytes of a file that are given back
)

// uploadReply tells under which name a file was kept. The name says nothing of
// the file, so that a client can not guess another one's.
type uploadReply struct {
	Filename         string `json:"filename"`
	OriginalFilename string `json:"originalFilename"`
	Content          string `json:"content"`
	Context          string `json:"context"`
}

// uploadFile keeps the file of a form. Its part is named Filedata, in whatever
// case.
//
// Source: section 24.
func (a api) uploadFile(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	form, err := q.raw.MultipartReader()
	if err != nil {
		return nil, harrier.Errorf(harrier.Invalid, "The body is no multipart form.").Because(err)
	}
	var out uploadReply
	values := map[string]string{}
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, malformedForm(err)
		}
		if !strings.EqualFold(part.FormName(), "Filedata") {
			b, err := io.ReadAll(io.LimitReader(formReader{part}, maxFormValue))
			if err != nil {
				return nil, err
			}
			values[part.FormName()] = string(b)
			continue
		}
		if out.Filename != "" {
			continue
		}
		out.OriginalFilename = cut(part.FileName(), 255)
		if out.Filename, err = a.Reports.Upload(ctx, by, "sc"+rand.Text(), formReader{part}); err != nil {
			return nil, err
		}
	}
	if out.Filename == "" {
		return nil, harrier.Errorf(harrier.Invalid, "The form has no file 'Filedata'.")
	}
	out.Context = cut(values["context"], 64)
	if v := strings.ToLower(values["returnContent"]); v == "true" || v == "1" || v == "yes" {
		out.Content, err = a.content(ctx, by, out.Filename)
	}
	return out, err
}

func malformedForm(err error) error {
	return harrier.Errorf(harrier.Invalid, "The form is malformed.").Because(err)
}

// formReader reads a part of a form: what is wrong with that is the client's
// fault.
type formReader struct{ part io.Reader }

// Read answers Invalid for a form that breaks off.
func (f formReader) Read(p []byte) (int, error) {
	n, err := f.part.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = malformedForm(err)
	}
	return n, err
}

// content is the beginning of an uploaded file.
func (a api) content(ctx context.Context, by harrier.Actor, name string) (string, error) {
	f, err := a.Reports.OpenUpload(ctx, by, name)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(f, maxContent))
	return strings.ToValidUTF8(string(b), "�"), err
}

// clearReply names a file that is gone.
type clearReply struct {
	Filename string `json:"filename"`
}

// clearFile removes an uploaded file. For one that is not there, the answer is
// empty.
func (a api) clearFile(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	name := q.param("filename")
	if name == "" {
		return nil, harrier.Errorf(harrier.Invalid, "The parameter 'filename' is needed.")
	}
	switch err := a.Reports.RemoveUpload(ctx, by, name); {
	case err != nil && harrier.KindOf(err) == harrier.NotFound:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return clearReply{name}, nil
}

package securitycenter

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// assetFile is an exported list.
type assetFile struct {
	XMLName     xml.Name `xml:"asset"`
	Name        string   `xml:"name"`
	Type        string   `xml:"type"`
	Description string   `xml:"description"`
	Tags        string   `xml:"tags"`
	Definition  string   `xml:"definition"`
}

func (a api) exportAsset(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	l, err := a.oneAsset(ctx, by, q, "export")
	if err != nil {
		return nil, err
	}
	body, err := xml.MarshalIndent(assetFile{Name: l.Name, Type: l.Kind, Description: l.Description, Tags: l.Tags, Definition: l.Definition}, "", "  ")
	body = append([]byte(xml.Header), body...)
	return kit.File{Name: "asset." + sid(l.ID) + ".xml", Type: "text/xml", Size: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body))}, err
}

// maxAssetFile is more than the largest list takes, in bytes.
const maxAssetFile = 4 << 20

// importAsset makes a list of an uploaded file that exportAsset wrote.
//
// Source: section 13.3.
func (a api) importAsset(ctx context.Context, by harrier.Actor, q *query) (any, error) {
	f, err := a.openUpload(ctx, by, q.param("filename"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	body, err := io.ReadAll(io.LimitReader(f, maxAssetFile+1))
	if err != nil {
		return nil, err
	}
	var file assetFile
	if len(body) > maxAssetFile || xml.Unmarshal(body, &file) != nil {
		return nil, fault(codeInvalid, 0, "The file is no exported Asset.")
	}
	b, err := file.body(q.param("name"))
	if err != nil {
		return nil, err
	}
	return a.newAsset(ctx, by, q, b)
}

// body is a file as a request to make the list.
func (f assetFile) body(name string) (assetBody, error) {
	text := func(s string) *kit.Text { t := kit.Text(s); return &t }
	out := assetBody{Name: text(f.Name), Type: text(f.Type), Description: text(f.Description), Tags: text(f.Tags)}
	if name != "" {
		out.Name = text(name)
	}
	definition := json.RawMessage(f.Definition)
	switch f.Type {
	case "dynamic", "combination":
		if !json.Valid(definition) {
			return out, fault(codeInvalid, 0, "The definition in the file is broken.")
		}
		out.Rules, out.Combinations = definition, definition
		return out, nil
	}
	definition, err := kit.Marshal(f.Definition)
	out.IPs, out.Names = definition, definition
	return out, err
}

// noTemplate answers for templates of asset lists, of which there are none.
func noTemplate(_ context.Context, _ harrier.Actor, q *query) (any, error) {
	return nil, missing(harrier.Errorf(harrier.NotFound, "no template"), "Asset Template", q.path("id"), "get")
}

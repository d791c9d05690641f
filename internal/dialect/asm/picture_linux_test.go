package asm_test

import (
	"bytes"
	"encoding/json"
	"image/color"
	"io"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/image/webp"

	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/dialect/asm/asmtest"
	"github.com/harrier-scan/harrier/internal/needs"
)

// TestExchangesPicture: a survey takes a picture of a page with the browser, the
// row of the page names it, and it is the page; of what is no page there is none,
// and nobody else gets it.
func TestExchangesPicture(t *testing.T) {
	browser := needs.Binary(t, "chromium", "chromium")
	book := open(t)
	c, w, v := start(t, func(l *console.Local) { l.Surface.Browser = browser })
	w.Set("@ SOA ns1 h 1 1 1 1 60\n@ NS ns1\nns1 A 127.0.55.9\n@ A 127.0.55.10\n") // one page
	lab(t, c, w, v)

	get := func(key, path string) (status int, kind string, body []byte) {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL+"/api/v1/"+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("X-Hexiosec-API-Key", key)
		q.Close = true
		r, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		if body, err = io.ReadAll(r.Body); err != nil {
			t.Fatal(err)
		}
		book.Watch(q, nil, r, body)
		return r.StatusCode, r.Header.Get("Content-Type"), body
	}
	var pages []struct {
		ID, URL    string
		Screenshot string `json:"screenshot_id"`
	}
	if _, _, body := get(v["key"], "scan_data/"+v["scan"]+"/web_presence"); json.Unmarshal(body, &pages) != nil {
		t.Fatalf("pages = %s", body)
	}
	pictured := ""
	for _, p := range pages {
		if start := strings.HasSuffix(p.URL, "/"); (p.Screenshot != "") != start {
			t.Errorf("page %s has the picture %q", p.URL, p.Screenshot)
		} else if start && strings.Contains(p.URL, "acme.test") {
			pictured = p.Screenshot
		} else if status, _, _ := get(v["key"], "scans/"+v["scan"]+"/screenshots/"+p.ID); !start && status != http.StatusNotFound {
			t.Errorf("the picture of %s: %d; want none", p.URL, status)
		}
	}
	if pictured == "" || len(pages) < 3 {
		t.Fatalf("pages = %+v; want one of the name with a picture, one of the address, and another one", pages)
	}
	status, kind, body := get(v["key"], "scans/"+v["scan"]+"/screenshots/"+pictured)
	if status != http.StatusOK || kind != "image/webp" {
		t.Fatalf("the picture: %d, %s, %.200s", status, kind, body)
	}
	picture, err := webp.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if b := picture.Bounds(); b.Dx() != 1280 || b.Dy() != 800 {
		t.Errorf("the picture has %v", b)
	} else if got := shown(picture.At(b.Dx()*3/4, b.Dy()*3/4)); !near(got, asmtest.Colour) {
		t.Errorf("the page has the colour %v in its picture; want %v", got, asmtest.Colour)
	}
	for who, want := range map[string]int{"viewer": http.StatusNotFound, "none": http.StatusNotFound} {
		if status, _, _ := get(v[who], "scans/"+v["scan"]+"/screenshots/"+pictured); status != want {
			t.Errorf("the picture for %s: %d; want %d", who, status, want)
		}
	}
}

// shown is a colour as a browser shows it: luma of WebP goes from 16 to 235, and
// chroma from 16 to 240, what the decoder does not tell.
//
// Source: RFC 6386, section 9.2 (ITU-R BT.601).
func shown(c color.Color) color.RGBA {
	ycc, ok := c.(color.YCbCr)
	if !ok {
		return color.RGBAModel.Convert(c).(color.RGBA)
	}
	y, cb, cr := 1.164*(float64(ycc.Y)-16), float64(ycc.Cb)-128, float64(ycc.Cr)-128
	part := func(v float64) uint8 { return uint8(min(max(v, 0), 255)) }
	return color.RGBA{R: part(y + 1.596*cr), G: part(y - 0.391*cb - 0.813*cr), B: part(y + 2.018*cb), A: 0xff}
}

// near reports whether a colour is another one, but for what a lossy picture
// makes of it.
func near(a, b color.RGBA) bool {
	far := func(a, b uint8) bool { return max(a, b)-min(a, b) > 6 }
	return !far(a.R, b.R) && !far(a.G, b.G) && !far(a.B, b.B)
}

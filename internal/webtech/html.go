package webtech

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
)

// maxToken bounds one tag, comment or piece of text; what is longer ends the
// reading of a page.
const maxToken = 128 << 10

// Title returns the title of a page, "" when it has none.
func Title(body []byte) string {
	return Examine(&Reply{Body: body}).Title
}

// parse reads the elements that tell something. It reads the page once.
func (p *Page) parse() {
	z := html.NewTokenizer(bytes.NewReader(p.Body))
	z.SetMaxBuf(maxToken)
	for {
		switch z.Next() {
		case html.ErrorToken: // the end, or a token that is too long
			return
		case html.StartTagToken, html.SelfClosingTagToken:
			name, attributes := z.TagName()
			switch string(name) {
			case "title":
				if p.Title == "" && z.Next() == html.TextToken {
					p.Title = words(z.Text())
				}
			case "meta":
				if attributes && len(p.Metas) < maxItems {
					p.meta(attrs(z))
				}
			case "script":
				if src := attrs(z)["src"]; src != "" && len(p.Scripts) < maxItems {
					p.Scripts = append(p.Scripts, src)
				}
			case "link":
				if a := attrs(z); isIcon(a["rel"]) && a["href"] != "" && len(p.Icons) < maxIcons {
					p.Icons = append(p.Icons, a["href"])
				}
			}
		default: // text, comments and ends tell nothing
		}
	}
}

func (p *Page) meta(a map[string]string) {
	for _, key := range []string{"name", "property", "http-equiv"} {
		if name := a[key]; name != "" {
			p.Metas = append(p.Metas, [2]string{strings.ToLower(name), a["content"]})
			return
		}
	}
}

func isIcon(rel string) bool {
	for _, word := range strings.Fields(strings.ToLower(rel)) {
		if word == "icon" {
			return true
		}
	}
	return false
}

// attrs reads the first attributes of the tag that z stands at.
func attrs(z *html.Tokenizer) map[string]string {
	out := map[string]string{}
	for more, n := true, 0; more && n < 32; n++ {
		var key, value []byte
		key, value, more = z.TagAttr()
		if _, twice := out[string(key)]; !twice {
			out[string(key)] = clip(string(value))
		}
	}
	return out
}

// words joins a text's words by single blanks.
func words(b []byte) string {
	if len(b) > 2*maxText {
		b = b[:2*maxText]
	}
	return clip(strings.Join(strings.Fields(html.UnescapeString(string(b))), " "))
}

package insightvm

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"sync"
)

// write sends an answer: pretty-printed JSON, or XML for those who like that
// better and where there is some, compressed for those who offer it.
//
// Source: section 3.2.
func (a api) write(w http.ResponseWriter, r *http.Request, answer reply) {
	if answer.status == 0 {
		answer.status = http.StatusOK
	}
	if answer.body == nil {
		w.Header().Set("Content-Length", "0")
		w.WriteHeader(answer.status)
		return
	}
	body, kind, err := encoded(answer, r.Header.Values("Accept"))
	if err != nil {
		a.Log.ErrorContext(r.Context(), "answer not encoded", "path", r.URL.Path, "err", err)
		http.Error(w, `{"status":500,"message":"`+textInternal+`"}`, http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	if offers(r.Header.Values("Accept-Encoding"), "gzip") {
		body = zipped(body)
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(answer.status)
	_, _ = w.Write(body) // a client that has gone gets nothing
}

func encoded(answer reply, accept []string) (body []byte, kind string, err error) {
	var b bytes.Buffer
	if raw, ok := answer.body.(json.RawMessage); ok { // written as it is
		return raw, "application/json", nil
	}
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if answer.root != "" && prefersXML(accept) {
		if err := enc.Encode(answer.body); err != nil {
			return nil, "", err
		}
		body, err := toXML(answer.root, b.Bytes())
		return body, "application/xml", err
	}
	enc.SetIndent("", "  ")
	err = enc.Encode(answer.body)
	return b.Bytes(), "application/json", err
}

// prefersXML reports whether XML is wanted more than JSON.
func prefersXML(accept []string) bool {
	xml, json := -1.0, -1.0
	for part := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		kind, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil {
			continue
		}
		q := 1.0
		if v, err := strconv.ParseFloat(params["q"], 64); err == nil {
			q = v
		}
		switch kind {
		case "application/xml", "text/xml":
			xml = max(xml, q)
		case "application/json", "application/*", "*/*":
			json = max(json, q)
		}
	}
	return xml > 0 && xml > json
}

// offers reports whether a list of codings has one, and does not refuse it.
func offers(list []string, coding string) bool {
	for part := range strings.SplitSeq(strings.Join(list, ","), ",") {
		name, weight, _ := strings.Cut(strings.TrimSpace(part), ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		_, q, _ := strings.Cut(weight, "=")
		n, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
		return err != nil || n > 0
	}
	return false
}

var zippers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is good
	return z
}}

func zipped(body []byte) []byte {
	var out bytes.Buffer
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(&out)
	_, _ = z.Write(body) // memory takes all
	_ = z.Close()
	return out.Bytes()
}

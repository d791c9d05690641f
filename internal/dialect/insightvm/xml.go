package insightvm

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// toXML writes a JSON object as XML: each member becomes an element of its
// name, each element of an array one of the array's, and null an empty one.
//
// Source: section 3.2, "XML mapping".
func toXML(root string, object []byte) ([]byte, error) {
	dec := json.NewDecoder(bytes.NewReader(object))
	dec.UseNumber()
	out := xmlWriter{dec: dec, renamed: map[string]string{}}
	if root == "ErrorResource" { // which speaks camel case
		out.renamed["localized_message"] = "localizedMessage"
	}
	out.b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>` + "\n")
	if err := out.value(root, 0); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("write XML: more than one value: %w", err)
	}
	return out.b.Bytes(), nil
}

type xmlWriter struct {
	b       bytes.Buffer
	dec     *json.Decoder
	renamed map[string]string
}

func (w *xmlWriter) indent(depth int) {
	for range depth {
		w.b.WriteString("  ")
	}
}

// value writes the next value under a name.
func (w *xmlWriter) value(name string, depth int) error {
	t, err := w.dec.Token()
	if err != nil {
		return fmt.Errorf("write XML: %w", err)
	}
	if t == json.Delim('[') {
		for w.dec.More() {
			if err := w.value(name, depth); err != nil {
				return err
			}
		}
		_, err := w.dec.Token()
		return err
	}
	if other, ok := w.renamed[name]; ok {
		name = other
	}
	w.indent(depth)
	switch t := t.(type) {
	case nil:
		w.b.WriteString("<" + name + "/>\n")
		return nil
	case json.Delim:
		return w.object(name, depth)
	case string:
		w.b.WriteString("<" + name + ">")
		if err := xml.EscapeText(&w.b, []byte(t)); err != nil {
			return fmt.Errorf("write XML: %w", err)
		}
	default:
		w.b.WriteString("<" + name + ">" + fmt.Sprint(t))
	}
	w.b.WriteString("</" + name + ">\n")
	return nil
}

func (w *xmlWriter) object(name string, depth int) error {
	w.b.WriteString("<" + name + ">\n")
	for w.dec.More() {
		key, err := w.dec.Token()
		if err != nil {
			return fmt.Errorf("write XML: %w", err)
		}
		text, _ := key.(string)
		if err := w.value(text, depth+1); err != nil {
			return err
		}
	}
	if _, err := w.dec.Token(); err != nil {
		return fmt.Errorf("write XML: %w", err)
	}
	w.indent(depth)
	w.b.WriteString("</" + name + ">\n")
	return nil
}

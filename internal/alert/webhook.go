package alert

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/harrier-scan/harrier"
)

// call is the body of a delivery by webhook.
type call struct {
	URL      string          `json:"url"`
	Secret   string          `json:"secret,omitempty"` // sealed for UUID
	UUID     string          `json:"uuid"`             // of the alert
	Loopback bool            `json:"loopback,omitempty"`
	Payload  json.RawMessage `json:"payload"`
}

// maxAnswer is how much of a receiver's answer is read, in bytes.
const maxAnswer = 64 << 10

// deliverWebhook posts a payload. An answer of 2xx takes it, redirects are not
// followed, and whatever else is tried again, but for 410: it is gone for good.
//
// The header X-Harrier-Signature is "sha256=" and the HMAC of the header
// X-Harrier-Timestamp, a full stop and the body, in hex, under the secret of the
// action.
func (r *Room) deliverWebhook(ctx context.Context, d harrier.Delivery, c call) error {
	secret, err := r.unseal(c.UUID, c.Secret)
	if err != nil {
		return refused{err}
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL, bytes.NewReader(c.Payload))
	if err != nil {
		return refused{err}
	}
	stamp := strconv.FormatInt(r.now().Unix(), 10)
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("User-Agent", "Harrier/"+r.Version)
	q.Header.Set("X-Harrier-Delivery", d.UUID.String())
	q.Header.Set("X-Harrier-Timestamp", stamp)
	if secret != "" {
		q.Header.Set("X-Harrier-Signature", sign(secret, stamp, c.Payload))
	}
	transport := &http.Transport{
		DialContext: dialer(c.Loopback).DialContext, DisableKeepAlives: true, TLSHandshakeTimeout: 15 * time.Second, ResponseHeaderTimeout: 30 * time.Second,
		MaxResponseHeaderBytes: maxAnswer, TLSClientConfig: &tls.Config{RootCAs: r.Roots, MinVersion: tls.VersionTLS12},
	}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	reply, err := client.Do(q)
	if err != nil {
		return err
	}
	defer func() { _ = reply.Body.Close() }()                         // only read
	_, _ = io.Copy(io.Discard, io.LimitReader(reply.Body, maxAnswer)) // what it says does not matter
	switch {
	case reply.StatusCode/100 == 2:
		return nil
	case reply.StatusCode == http.StatusGone:
		return refused{fmt.Errorf("the receiver answered %s", reply.Status)}
	}
	return fmt.Errorf("the receiver answered %s", reply.Status)
}

// sign is the signature of a payload.
func sign(secret, stamp string, payload []byte) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(stamp + "."))
	h.Write(payload)
	return "sha256=" + hex.EncodeToString(h.Sum(nil))
}

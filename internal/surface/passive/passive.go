// Package passive asks public sources for names. A source is a small plug-in:
// it sends nothing to those it asks about. All are off until configured.
package passive

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Name is what a source knows of a name.
type Name struct {
	Name  string
	About string // what the source says of it: a certificate's number, a day; "" for nothing
}

// Source knows names below a domain.
type Source interface {
	// Name is the source's own, in lower case: it stands in facts.
	Name() string
	// Names gives names at and below a domain; others are passed over.
	Names(ctx context.Context, domain string) ([]Name, error)
}

// The bounds of one answer.
const (
	maxAnswer = 32 << 20
	maxNames  = 100_000
)

// Certificates is a log of certificates that answers in JSON as crt.sh does:
// a list of objects with name_value (names, one on a line), common_name and id.
// Also a list of objects with dns_names is read, as CertSpotter answers.
type Certificates struct {
	// URL of the search; "{domain}" stands for the domain. For example
	// https://crt.sh/?q=%25.{domain}&output=json
	URL string
	// Key, when it is not "", is sent as "Authorization: Bearer".
	Key    string
	Client *http.Client // nil: one with a time limit of a minute
}

// Name is "ct".
func (Certificates) Name() string { return "ct" }

// Names asks the log.
func (s Certificates) Names(ctx context.Context, domain string) ([]Name, error) {
	b, err := get(ctx, s.Client, s.URL, domain, s.Key)
	if err != nil {
		return nil, err
	}
	return ParseCertificates(b, domain)
}

// ParseCertificates reads the answer of a log. Names with a wildcard give the
// name that it is below.
func ParseCertificates(b []byte, domain string) ([]Name, error) {
	var rows []struct {
		ID        json.RawMessage `json:"id"`
		Common    string          `json:"common_name"`
		Value     string          `json:"name_value"`
		DNSNames  []string        `json:"dns_names"`
		NotBefore string          `json:"not_before"`
	}
	if err := json.Unmarshal(b, &rows); err != nil {
		return nil, fmt.Errorf("the log's answer can not be read: %w", err)
	}
	var out []Name
	for _, r := range rows {
		about := strings.Trim(string(r.ID), `"`)
		for _, n := range append(append(strings.Split(r.Value, "\n"), r.Common), r.DNSNames...) {
			out = add(out, n, about[:min(len(about), 40)], domain)
		}
	}
	return tidy(out), nil
}

// List is a source that answers a request with a JSON list of names, or an
// object with such a list under "subdomains" or "names", as passive DNS
// services do. It is off without a key where it needs one.
type List struct {
	Label   string // its name
	URL     string // as that of Certificates
	Key     string
	NeedKey bool
	Client  *http.Client
}

// Name is the label.
func (s List) Name() string { return s.Label }

// Names asks the service.
func (s List) Names(ctx context.Context, domain string) ([]Name, error) {
	if s.NeedKey && s.Key == "" {
		return nil, nil
	}
	b, err := get(ctx, s.Client, s.URL, domain, s.Key)
	if err != nil {
		return nil, err
	}
	return ParseList(b, domain)
}

// ParseList reads the answer of a service. Names without a dot are labels
// below the domain.
func ParseList(b []byte, domain string) ([]Name, error) {
	var list []string
	if err := json.Unmarshal(b, &list); err != nil {
		var object struct {
			Subdomains []string `json:"subdomains"`
			Names      []string `json:"names"`
		}
		if err := json.Unmarshal(b, &object); err != nil {
			return nil, fmt.Errorf("the service's answer can not be read: %w", err)
		}
		list = append(object.Subdomains, object.Names...)
	}
	var out []Name
	for _, n := range list {
		if n != "" && !strings.Contains(n, ".") {
			n += "." + domain
		}
		out = add(out, n, "", domain)
	}
	return tidy(out), nil
}

func add(out []Name, name, about, domain string) []Name {
	name = strings.ToLower(strings.TrimSpace(strings.TrimSuffix(name, ".")))
	name = strings.TrimPrefix(name, "*.")
	if len(out) >= maxNames || len(name) > 253 || name != domain && !strings.HasSuffix(name, "."+domain) {
		return out
	}
	return append(out, Name{name, about})
}

func tidy(out []Name) []Name {
	slices.SortFunc(out, func(a, b Name) int { return strings.Compare(a.Name+" "+a.About, b.Name+" "+b.About) })
	return slices.CompactFunc(out, func(a, b Name) bool { return a.Name == b.Name })
}

func get(ctx context.Context, client *http.Client, pattern, domain, key string) ([]byte, error) {
	if client == nil {
		client = &http.Client{Timeout: time.Minute}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.ReplaceAll(pattern, "{domain}", url.QueryEscape(domain)), nil)
	if err != nil {
		return nil, err
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	var last error
	for try := range 3 {
		if try > 0 {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(time.Duration(try) * 500 * time.Millisecond):
			}
		}
		b, err := once(client, req)
		if err == nil {
			return b, nil
		}
		last = err
	}
	return nil, last
}

func once(client *http.Client, req *http.Request) ([]byte, error) {
	res, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", req.URL.Host, res.Status)
	}
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err == nil && len(b) > maxAnswer {
		err = errors.New("the answer is too long")
	}
	return b, err
}

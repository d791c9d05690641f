package updateinfo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/harrier-scan/harrier/internal/feed"
	"github.com/harrier-scan/harrier/internal/feed/wire"
)

// Formats are the distributions.
var Formats = []feed.Format{
	{
		Name: "alma", Title: "AlmaLinux errata", Publisher: "AlmaLinux OS Foundation",
		Home: "https://errata.almalinux.org", Licence: "MIT", Class: feed.Distribution,
		Remotes: func(time.Time) []feed.Remote {
			var out []feed.Remote
			for _, release := range []string{"8", "9", "10"} {
				out = append(out, feed.Remote{Name: "errata-" + release + ".json", URL: "https://errata.almalinux.org/" + release + "/errata.full.json"})
			}
			return out
		},
		Wants: func(name string) bool { return isUpdateinfo(name) || isErrata(name) },
		Read: func(name string, r io.Reader, to feed.Sink) error {
			if isErrata(name) {
				return readAlma(r, to)
			}
			return alma.readXML(r, to)
		},
	},
	{
		Name: "rocky", Title: "Rocky Linux errata", Publisher: "Rocky Enterprise Software Foundation",
		Home: "https://errata.rockylinux.org", Licence: "BSD-3-Clause", Class: feed.Distribution,
		Remotes: func(time.Time) []feed.Remote {
			return []feed.Remote{{
				Name: "advisories.json", URL: "https://apollo.build.resf.org/api/v3/advisories/?page=1&size=100",
				Next: nextPage, Pause: 500 * time.Millisecond,
			}}
		},
		Wants: func(name string) bool { return isUpdateinfo(name) || isErrata(name) },
		Read: func(name string, r io.Reader, to feed.Sink) error {
			if isErrata(name) {
				return readRocky(r, to)
			}
			return rocky.readXML(r, to)
		},
	},
	{
		Name: "amazon", Title: "Amazon Linux security advisories", Publisher: "Amazon",
		Home: "https://alas.aws.amazon.com", Licence: "LicenseRef-Amazon-ALAS", Class: feed.Distribution,
		Remotes: func(time.Time) []feed.Remote {
			// The first page of each is a list of mirrors, the second the index of the
			// repository; the third has the notices.
			return []feed.Remote{
				{Name: "al2023-updateinfo.xml.gz", URL: "https://cdn.amazonlinux.com/al2023/core/mirrors/latest/x86_64/mirror.list", Next: repository, Hops: 2},
				{Name: "al2-updateinfo.xml.gz", URL: "https://cdn.amazonlinux.com/2/core/latest/x86_64/mirror.list", Next: repository, Hops: 2},
			}
		},
		Wants: isUpdateinfo,
		Read:  func(_ string, r io.Reader, to feed.Sink) error { return amazon.readXML(r, to) },
	},
}

func isUpdateinfo(name string) bool {
	base := strings.ToLower(path.Base(name))
	return strings.Contains(base, "updateinfo") && !strings.Contains(base, "repomd")
}

func isErrata(name string) bool {
	lower := strings.ToLower(name)
	base := path.Base(lower)
	return strings.HasSuffix(base, ".json") && (strings.HasPrefix(base, "errata") || strings.HasPrefix(base, "advisories") || strings.HasPrefix(base, "page") || strings.Contains(lower, "/errata/"))
}

var (
	alma = distribution{
		name: "alma", id: func(id string) bool { return numbered(id, "AL") },
		ecosystem: func(release, collection string) string { return enterprise("rpm/alma/", release, collection) },
	}
	rocky = distribution{
		name: "rocky", id: func(id string) bool { return numbered(id, "RL", "RX") },
		ecosystem: func(release, collection string) string { return enterprise("rpm/rocky/", release, collection) },
	}
	amazon = distribution{
		name: "amazon", id: func(id string) bool { return strings.HasPrefix(id, "ALAS") && strings.ContainsAny(id, "0123456789") },
		ecosystem: func(release, collection string) string {
			switch lower := strings.ToLower(collection); {
			case strings.Contains(release, ".amzn2023") || strings.Contains(lower, "2023"):
				return "rpm/amazon/2023"
			case strings.Contains(lower, "2022"):
				return "rpm/amazon/2022"
			case strings.Contains(release, ".amzn2") || strings.Contains(lower, "amazon-linux-2"):
				return "rpm/amazon/2"
			case strings.Contains(release, ".amzn1") || strings.Contains(lower, "amazon-linux-ami"):
				return "rpm/amazon/1"
			}
			return ""
		},
	}
)

// numbered reports whether an id is of the form "ALSA-2022:4940", beginning with
// one of two letters.
func numbered(id string, makers ...string) bool {
	kind, rest, ok := strings.Cut(id, "-")
	if !ok || len(kind) != 4 {
		return false
	}
	year, number, ok := strings.Cut(rest, ":")
	for _, m := range makers {
		if ok && strings.HasPrefix(kind, m) && len(year) == 4 && number != "" && strings.Trim(year+number, "0123456789") == "" {
			return true
		}
	}
	return false
}

// enterprise is the ecosystem by the "el9" in a package's release, else by the
// number in the collection's name, "almalinux-9-for-…".
func enterprise(prefix, release, collection string) string {
	for _, mark := range []string{".el", "+el", "_el"} {
		if _, rest, ok := strings.Cut(release, mark); ok {
			if n := leading(rest); n != "" {
				return prefix + n
			}
		}
	}
	for _, mark := range []string{"almalinux-", "rocky-linux-", "AlmaLinux ", "Rocky Linux "} {
		if _, rest, ok := strings.Cut(collection, mark); ok {
			if n := leading(rest); n != "" {
				return prefix + n
			}
		}
	}
	return ""
}

// leading is the one or two digits that s begins with.
func leading(s string) string {
	n := 0
	for n < len(s) && n < 3 && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n > 2 {
		return ""
	}
	return s[:n]
}

// nextPage is the address behind a page of Rocky's advisories.
func nextPage(page io.Reader, at string) (string, error) {
	var p struct {
		Links struct {
			Next string `json:"next"`
		} `json:"links"`
	}
	if err := json.NewDecoder(io.LimitReader(page, 256<<20)).Decode(&p); err != nil {
		return "", fmt.Errorf("page of advisories: %w", err)
	}
	if p.Links.Next == "" {
		return "", nil
	}
	return resolve(at, p.Links.Next)
}

// repository finds the update notices of a repository: a list of mirrors leads
// to its index, and that to them.
func repository(page io.Reader, at string) (string, error) {
	switch {
	case strings.HasSuffix(at, "/mirror.list"):
		b, err := io.ReadAll(io.LimitReader(page, 64<<10))
		if err != nil {
			return "", err
		}
		first, _, _ := bytes.Cut(bytes.TrimSpace(b), []byte("\n"))
		return resolve(at, strings.TrimRight(strings.TrimSpace(string(first)), "/")+"/repodata/repomd.xml")
	case strings.HasSuffix(at, "/repomd.xml"):
		s := wire.NewXML(io.LimitReader(page, 16<<20))
		for {
			e, err := s.Next("data")
			if errors.Is(err, io.EOF) {
				return "", errors.New("the repository has no update notices")
			}
			if err != nil {
				return "", err
			}
			var data struct {
				Location struct {
					Href string `xml:"href,attr"`
				} `xml:"location"`
			}
			if err := s.Decode(&data, e); err != nil {
				return "", err
			}
			if wire.Attr(e, "type") == "updateinfo" && data.Location.Href != "" {
				return resolve(strings.TrimSuffix(at, "repodata/repomd.xml"), data.Location.Href)
			}
		}
	}
	return "", nil
}

// resolve is an address as a page at another tells it, on the same host or not,
// but of the web.
func resolve(at, to string) (string, error) {
	base, err := url.Parse(at)
	if err != nil {
		return "", err
	}
	u, err := base.Parse(to)
	if err != nil {
		return "", err
	}
	if u.Scheme != "https" && u.Scheme != base.Scheme || u.Host == "" {
		return "", fmt.Errorf("%.80q leads away from the web", to)
	}
	return u.String(), nil
}

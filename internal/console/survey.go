package console

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/surface"
	"github.com/harrier-scan/harrier/internal/surface/passive"
	"github.com/harrier-scan/harrier/internal/surface/place"
	"github.com/harrier-scan/harrier/internal/surface/shot"
)

// SurveyOptions say how an engine makes surveys of attack surfaces, as an operator
// writes them. They are part of Options, and of an engine's own command line.
type SurveyOptions struct {
	SurveyResolver []string `json:"survey_resolver" env:"HARRIER_SURVEY_RESOLVER" placeholder:"ADDRESS" help:"Surveys: resolvers to ask and to compare; none: delegation is followed from the root."`
	SurveyRoot     []string `json:"survey_root" env:"HARRIER_SURVEY_ROOT" placeholder:"ADDRESS" help:"Surveys: servers of another root than the Internet's."`
	SurveyAllow    []string `json:"survey_allow" env:"HARRIER_SURVEY_ALLOW" placeholder:"NET" help:"Surveys: private nets that are like any other."`
	SurveyWords    string   `json:"survey_words" env:"HARRIER_SURVEY_WORDS" placeholder:"FILE" help:"Surveys: labels to try below domains, one on a line; a built-in list when empty."`
	SurveyPlaces   []string `json:"survey_places" env:"HARRIER_SURVEY_PLACES" placeholder:"FILE" help:"Surveys: who runs which addresses for many, and where addresses are: see docs/surface.md."`
	SurveySource   []string `json:"survey_source" env:"HARRIER_SURVEY_SOURCE" placeholder:"SOURCE" help:"Surveys: a passive source, as NAME URL, or NAME URL KEY; {domain} stands for the domain. The one called ct is a log of certificates."`
	SurveyBrowser  string   `json:"survey_browser" env:"HARRIER_SURVEY_BROWSER" placeholder:"PROGRAM" help:"Surveys: the Chromium that takes pictures of pages; one that is installed when empty; none: no pictures."`
}

// Survey reads and checks the options. It answers one Invalid error that names
// every fault.
func (o SurveyOptions) Survey() (s surface.Options, err error) {
	var faults []error
	note := func(err error) {
		if err != nil {
			faults = append(faults, err)
		}
	}
	s.Resolvers, err = NameServers("survey_resolver", o.SurveyResolver)
	note(err)
	s.Roots, err = NameServers("survey_root", o.SurveyRoot)
	note(err)
	s.AllowReserved, err = harrier.ParsePrefixes("survey_allow", o.SurveyAllow)
	note(err)
	if o.SurveyWords != "" {
		s.Words, err = SurveyWords("survey_words", o.SurveyWords)
		note(err)
	}
	if len(o.SurveyPlaces) > 0 {
		s.Places = place.Builtin()
	}
	for _, name := range o.SurveyPlaces {
		note(ReadPlaces("survey_places", s.Places, name))
	}
	for _, text := range o.SurveySource {
		source, err := passiveSource(text)
		note(err)
		s.Sources = append(s.Sources, source)
	}
	s.Browser, err = shot.Find(o.SurveyBrowser)
	note(err)
	return s, together(faults)
}

// SourceName is a passive source as people may read it: without its key.
func SourceName(text string) string {
	if f := strings.Fields(text); len(f) > 2 {
		return f[0] + " " + f[1] + " xxxxx"
	}
	return text
}

func passiveSource(text string) (passive.Source, error) {
	f := strings.Fields(text)
	if len(f) < 2 || len(f) > 3 || !strings.HasPrefix(f[1], "http://") && !strings.HasPrefix(f[1], "https://") {
		return nil, harrier.Invalidf("survey_source", "%q is not NAME URL or NAME URL KEY", SourceName(text))
	}
	key := ""
	if len(f) == 3 {
		key = f[2]
	}
	if f[0] == (passive.Certificates{}).Name() {
		return passive.Certificates{URL: f[1], Key: key}, nil
	}
	return passive.List{Label: f[0], URL: f[1], Key: key}, nil
}

// SurveyWords reads the labels of a file, one on a line. It answers Invalid,
// naming the field, for one that can not be opened.
func SurveyWords(field, name string) ([]string, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, harrier.Invalidf(field, "%s can not be read", name).Because(err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 64<<20))
	return strings.Fields(string(text)), err
}

// ReadPlaces adds a file to what is known of who runs which addresses. It answers
// Invalid, naming the field, for one that can not be opened.
func ReadPlaces(field string, t *place.Table, name string) error {
	f, err := os.Open(name)
	if err != nil {
		return harrier.Invalidf(field, "%s can not be read", name).Because(err)
	}
	defer f.Close()
	if err := t.Read(f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// NameServers reads addresses of name servers, with a port or without. It answers
// Invalid, naming the field, for what is none.
func NameServers(field string, list []string) (out []netip.AddrPort, err error) {
	for _, s := range list {
		if _, _, err := net.SplitHostPort(s); err != nil {
			s = net.JoinHostPort(strings.Trim(s, "[]"), "53")
		}
		a, err := netip.ParseAddrPort(s)
		if err != nil {
			return nil, harrier.Invalidf(field, "%q is no address", s)
		}
		out = append(out, a)
	}
	return out, nil
}

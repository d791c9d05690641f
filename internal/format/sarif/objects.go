package sarif

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/format"
)

type tool struct {
	Driver driver `json:"driver"`
}

type driver struct {
	Name           string `json:"name"`
	Version        string `json:"version,omitempty"`
	InformationURI string `json:"informationUri"`
	Rules          []rule `json:"rules"`
}

type rule struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Short     message        `json:"shortDescription"`
	Full      message        `json:"fullDescription"`
	Help      *message       `json:"help,omitempty"`
	HelpURI   string         `json:"helpUri,omitempty"`
	Config    configuration  `json:"defaultConfiguration"`
	Relations map[string]any `json:"properties"`
}

type configuration struct {
	Level string `json:"level"`
}

type message struct {
	Text string `json:"text"`
}

type result struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Kind         string            `json:"kind"`
	Level        string            `json:"level"`
	Message      message           `json:"message"`
	Locations    []location        `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints"`
	Properties   map[string]any    `json:"properties"`
}

type location struct {
	Physical physical  `json:"physicalLocation"`
	Logical  []logical `json:"logicalLocations"`
}

type physical struct {
	Artifact artifact `json:"artifactLocation"`
}

type artifact struct {
	URI string `json:"uri"`
}

type logical struct {
	Name string `json:"fullyQualifiedName"`
	Kind string `json:"kind"`
}

type invocation struct {
	Successful bool      `json:"executionSuccessful"`
	Start      time.Time `json:"startTimeUtc,omitzero"`
	End        time.Time `json:"endTimeUtc,omitzero"`
	ExitText   string    `json:"exitCodeDescription,omitempty"`
}

func newRule(v harrier.Vulnerability) rule {
	r := rule{
		ID: ruleID(v), Name: v.Name, Short: message{cmp.Or(v.Synopsis, v.Name)}, Full: message{cmp.Or(v.Description, v.Synopsis, v.Name)},
		HelpURI: helpURI(v.References), Config: configuration{level(v.Severity)},
		Relations: map[string]any{"plugin": int(v.ID), "family": v.Family, "tags": tags(v)},
	}
	if v.Solution != "" {
		r.Help = &message{v.Solution}
	}
	// The property that code hosts rank results by; severities have the lowest
	// score of their band where there is none.
	if score := cmp.Or(v.CVSS3Score, v.CVSS2Score, bands[min(v.Severity, harrier.Critical)]); score > 0 {
		r.Relations["security-severity"] = strconv.FormatFloat(score, 'f', 1, 64)
	}
	if v.CVSS3Vector != "" {
		r.Relations["cvss3_vector"] = v.CVSS3Vector
	}
	return r
}

var bands = [harrier.Severities]float64{harrier.Low: 0.1, harrier.Medium: 4, harrier.High: 7, harrier.Critical: 9}

func ruleID(v harrier.Vulnerability) string {
	return cmp.Or(v.Slug, "plugin-"+strconv.Itoa(int(v.ID)))
}

// helpURI is the first reference that is an absolute URI, as the schema wants.
func helpURI(references []string) string {
	for _, r := range references {
		if u, err := url.Parse(r); err == nil && u.IsAbs() {
			return u.String()
		}
	}
	return ""
}

func tags(v harrier.Vulnerability) []string {
	out := []string{"security"}
	out = append(out, v.CVEs...)
	for _, id := range v.CWEs {
		out = append(out, "CWE-"+strconv.Itoa(id))
	}
	return out
}

// level grades a severity in the words of SARIF, where a fact has none.
func level(s harrier.Severity) string {
	switch s {
	case harrier.Critical, harrier.High:
		return "error"
	case harrier.Medium:
		return "warning"
	case harrier.Low:
		return "note"
	case harrier.Info:
	}
	return "none"
}

func newResult(h format.Host, r format.Result, v harrier.Vulnerability, index int) result {
	kind := "fail"
	if r.Severity == harrier.Info {
		kind = "informational"
	}
	text := fmt.Sprintf("%s on %s", cmp.Or(v.Name, ruleID(v)), place(h, r))
	if evidence := strings.TrimSpace(format.Clean(r.Evidence)); evidence != "" {
		text += "\n\n" + evidence
	}
	return result{
		RuleID: ruleID(v), RuleIndex: index, Kind: kind, Level: level(r.Severity), Message: message{text},
		Locations:    []location{{physical{artifact{uri(h, r)}}, []logical{{place(h, r), "resource"}}}},
		Fingerprints: map[string]string{"harrier/v1": fingerprint(h, r, v)},
		Properties:   map[string]any{"severity": r.Severity.String(), "certainty": r.Certainty.String(), "service": format.ServiceName(r.Observation)},
	}
}

// place is where a result was found: "192.0.2.1", "[2001:db8::1]:443/tcp".
func place(h format.Host, r format.Result) string {
	if r.Port == 0 {
		return h.Title()
	}
	return fmt.Sprintf("%s:%d/%s", authority(h), r.Port, format.Transport(r.Observation))
}

func authority(h format.Host) string {
	if strings.Contains(h.Title(), ":") {
		return "[" + h.Title() + "]"
	}
	return h.Title()
}

func uri(h format.Host, r format.Result) string {
	u := url.URL{Scheme: "host", Host: authority(h)}
	if r.Port > 0 {
		u.Scheme = string(format.Transport(r.Observation))
		u.Host += ":" + strconv.Itoa(int(r.Port))
	}
	return u.String()
}

// fingerprint is the same in every scan that finds the same thing.
func fingerprint(h format.Host, r format.Result, v harrier.Vulnerability) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{ruleID(v), h.Title(), r.Endpoint.String(), r.Key}, "\x00")))
	return hex.EncodeToString(sum[:16])
}

func newInvocation(s harrier.Scan) invocation {
	return invocation{
		Successful: s.Status == harrier.ScanCompleted || s.Status == harrier.ScanImported,
		Start:      s.Started.UTC().Truncate(time.Second), End: s.Ended.UTC().Truncate(time.Second), ExitText: s.Reason,
	}
}

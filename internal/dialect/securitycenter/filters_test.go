package securitycenter

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier"
)

// readingOfTests reads filters on a Wednesday, at noon in Berlin.
func readingOfTests(source string) reading {
	berlin := time.FixedZone("CET", 3600)
	return reading{
		now: time.Date(2026, 3, 18, 12, 0, 0, 0, berlin), source: source,
		family: func(id int) (string, bool) {
			name, ok := map[int]string{20: "Windows", 41: "Settings"}[id]
			return name, ok
		},
		asset: func(id harrier.ID) (harrier.Expr, error) {
			if id > 9 {
				return nil, noObject("Asset", sid(id), "get")
			}
			return eq("asset", harrier.Eq, int64(id)), nil
		},
		remedy: func(id harrier.VulnID) (string, bool) { return "Update.", id == 12 },
	}
}

// unions is a combination that names a list n times.
func unions(n int) string {
	if n == 1 {
		return `{"id":"1"}`
	}
	return `{"operator":"union","operand1":` + unions(n/2) + `,"operand2":` + unions(n/2) + `}`
}

func day(month, d int) int64 {
	return time.Date(2026, time.Month(month), d, 0, 0, 0, 0, time.FixedZone("CET", 3600)).UnixMicro()
}

func between(field string, from, to int64) harrier.Expr {
	return harrier.And{eq(field, harrier.Ge, from), eq(field, harrier.Lt, to)}
}

func TestFilters(t *testing.T) {
	for _, tt := range []struct {
		name, op, value, source string
		want                    harrier.Expr // nil: refused
	}{
		{"ip", "=", `"192.0.2.1, 192.0.2.16/30\n2001:db8::1-2001:db8::9"`, "", eq("address", harrier.In, "192.0.2.1-192.0.2.1", "192.0.2.16-192.0.2.19", "2001:db8::1-2001:db8::9")},
		{"ip", "!=", `"192.0.2.1-192.0.2.4"`, "", harrier.Not{Of: eq("address", harrier.In, "192.0.2.1-192.0.2.4")}},
		{"ip", "=", `"192.0.2.9-192.0.2.4"`, "", nil},
		{"ip", "=", `"192.0.2.0/33"`, "", nil},
		{"ip", ">=", `"192.0.2.1"`, "", nil},
		{"dnsName", "=", `"WWW.Example.com"`, "", eq("fqdn", harrier.Eq, "WWW.Example.com")},
		{"dnsName", "=", `"*.example.com"`, "", eq("fqdn", harrier.Like, `^.*\.example\.com$`)},
		{"dnsName", "~=", `"exam"`, "", eq("fqdn", harrier.Contains, "exam")},
		{"dnsName", "pcre", `"/^www/i"`, "", eq("fqdn", harrier.Like, "^www")},
		{"dnsName", "pcre", `"("`, "", nil},
		{"port", "=", `"22,80-90"`, "", harrier.Or{harrier.And{eq("port", harrier.Ge, int64(80)), eq("port", harrier.Le, int64(90))}, eq("port", harrier.Eq, int64(22))}},
		{"port", "=", `443`, "", eq("port", harrier.Eq, int64(443))},
		{"port", "<=", `"1023"`, "", eq("port", harrier.Le, int64(1023))},
		{"port", "=", `"http"`, "", nil},
		{"port", ">=", `"1,2"`, "", nil},
		{"tcpport", "=", `"22"`, "", harrier.And{eq("protocol", harrier.Eq, "tcp"), eq("port", harrier.Eq, int64(22))}},
		{"protocol", "=", `"6,UDP,0"`, "", eq("protocol", harrier.Eq, "tcp", "udp", "")},
		{"protocol", "=", `"ipx"`, "", nil},
		{"pluginID", "=", `"19506"`, "", eq("vulnerability", harrier.Eq, int64(19506))},
		{"pluginID", "!=", `"1,2"`, "", harrier.Not{Of: eq("vulnerability", harrier.Eq, int64(1), int64(2))}},
		{"pluginName", "~=", `"SSH"`, "", eq("name", harrier.Contains, "SSH")},
		{"pluginType", "=", `"active"`, "", everything},
		{"pluginType", "=", `"passive"`, "", nothing},
		{"familyID", "=", `"20,41,77"`, "", eq("family", harrier.Eq, "Windows", "Settings")},
		{"family", "=", `[{"id":"20"}]`, "", eq("family", harrier.Eq, "Windows")},
		{"family", "=", `[{"name":"x"}]`, "", nil},
		{"severity", "=", `"4, 3"`, "", eq("severity", harrier.Eq, int64(4), int64(3))},
		{"severity", "=", `[{"id":"4"},{"id":3}]`, "", eq("severity", harrier.Eq, int64(4), int64(3))},
		{"severity", ">=", `"2"`, "", eq("severity", harrier.Ge, int64(2))},
		{"severity", "=", `"high"`, "", nil},
		{"repositoryIDs", "=", `"1,2"`, "", eq("repository", harrier.Eq, int64(1), int64(2))},
		{"repository", "=", `[{"id":"1"}]`, "", eq("repository", harrier.Eq, int64(1))},
		{"repository", "=", `[{"id":"x"}]`, "", nil},
		{"repository", "=", `[{}]`, "", nil},
		{"assetID", "=", `"5"`, "", harrier.Or{eq("asset", harrier.Eq, int64(5))}},
		{"asset", "=", `{"id":"5"}`, "", harrier.Or{eq("asset", harrier.Eq, int64(5))}},
		{"asset", "=", `{"id":"10"}`, "", nil},
		{
			"asset", "~", `{"operator":"intersection","operand1":{"id":"1"},"operand2":{"operator":"complement","operand1":{"id":2}}}`, "",
			harrier.And{eq("asset", harrier.Eq, int64(1)), harrier.Not{Of: eq("asset", harrier.Eq, int64(2))}},
		},
		{"asset", "~", `{"operator":"xor","operand1":{"id":"1"},"operand2":{"id":"2"}}`, "", nil},
		{"asset", "~", `{"operator":"union","operand1":{"id":"1"}}`, "", nil},
		{"asset", "~", unions(128), "", nil},
		{"asset", "=", unions(128), "", nil},
		{"cveID", "=", `"CVE-2024-1,CVE-2024-2"`, "", eq("cve", harrier.Eq, "CVE-2024-1", "CVE-2024-2")},
		{"cveID", "~=", `"2024"`, "", eq("cve", harrier.Contains, "2024")},
		{"xref", "=", `"CWE|79,RHSA|2024*"`, "", harrier.Or{eq("cwes", harrier.Like, `[\[,]79[\],]`), eq("aliases", harrier.Like, `"RHSA[-:# ]?2024[^",]*"`)}},
		{"baseCVSSScore", "=", `"04.0-10.0"`, "", harrier.And{eq("cvss2", harrier.Ge, 4-1e-4), eq("cvss2", harrier.Le, 10+1e-4)}},
		{"cvssV3BaseScore", ">=", `"7"`, "", eq("cvss3", harrier.Ge, 7.0)},
		{"cvssV3BaseScore", "=", `"none"`, "", harrier.Not{Of: eq("cvss3", harrier.Gt, 0.0)}},
		{"cvssV3BaseScore", "=", `"9-7"`, "", nil},
		{"cvssV3BaseScore", "=", `"NaN"`, "", nil},
		{"vprScore", "=", `"7-10"`, "", nothing},
		{"vprScore", "=", `"none"`, "", everything},
		{"exploitAvailable", "=", `"true"`, "", harrier.Or{eq("exploit", harrier.Eq, true), eq("exploited", harrier.Eq, true)}},
		{"exploitAvailable", "=", `"maybe"`, "", nil},
		{"dataFormat", "=", `"agent"`, "", harrier.Or(nil)},
		{"lastSeen", "=", `"0:11"`, "", between("last_seen", day(3, 7), day(3, 19))},
		{"lastSeen", "=", `"0:0"`, "", between("last_seen", day(3, 18), day(3, 19))},
		{"firstSeen", "=", `"25:30"`, "", between("first_seen", day(2, 16), day(2, 22))},
		{"firstSeen", "=", `"3:all"`, "", between("first_seen", 1, day(3, 16))},
		{"firstSeen", "=", `"11:0"`, "", nil},
		{"firstSeen", "=", `"-1:3"`, "", nil},
		{"firstSeen", "=", `"1700000000-1700000009"`, "", between("first_seen", 1700000000_000000, 1700000010_000000)},
		{"firstSeen", "=", `"1700000009-1700000000"`, "", nil},
		{"firstSeen", "=", `"currentMonth"`, "", between("first_seen", day(3, 1), day(4, 1))},
		{"firstSeen", "=", `"lastMonth"`, "", between("first_seen", day(2, 1), day(3, 1))},
		{"firstSeen", "=", `"lastQuarter"`, "", between("first_seen", day(-2, 1), day(1, 1))},
		{"firstSeen", "=", `"currentYear"`, "", between("first_seen", day(1, 1), day(13, 1))},
		{"firstSeen", "=", `"lastYear"`, "", between("first_seen", day(-11, 1), day(1, 1))},
		{"firstSeen", "=", `"yesterday"`, "", nil},
		{"lastMitigated", "=", `"0:7"`, patched, between("closed", day(3, 11), day(3, 19))},
		{"lastMitigated", "=", `"0:7"`, "", nil},
		{"lastSeen", "=", `"0:7"`, patched, nil},
		{"pluginPublished", "=", `"3:all"`, "", harrier.And{eq("added", harrier.Ge, "0002"), eq("added", harrier.Lt, "2026-03-15T23:00:00Z")}},
		{"mitigatedStatus", "=", `"previously"`, "", eq("reopened", harrier.Eq, true)},
		{"mitigatedStatus", "=", `"never"`, "", eq("reopened", harrier.Eq, false)},
		{"acceptRiskStatus", "=", `"nonAcceptedRisk"`, "", eq("accepted", harrier.Eq, false)},
		{"acceptRiskStatus", "=", `"accepted"`, "", eq("accepted", harrier.Eq, true)},
		{"acceptRiskStatus", "=", `"all"`, "", everything},
		{"recastRiskStatus", "=", `"notRecast"`, "", eq("recast", harrier.Eq, false)},
		{"acceptedRisk", "=", `"true"`, "", eq("accepted", harrier.Eq, true)},
		{"solutionID", "=", `"x-12"`, "", eq("solution", harrier.Eq, "Update.")},
		{"wasVuln", "=", `"excludeWas"`, "", everything},
		{"wasVuln", "=", `"onlyWas"`, "", nothing},
		{"policyID", "=", `"1"`, "", nil},
		{"ipaddress", "=", `"1"`, "", nil},
	} {
		if tt.source == "" {
			tt.source = cumulative
		}
		e, err := readingOfTests(tt.source).one(filter{tt.name, tt.op, json.RawMessage(tt.value)})
		if tt.want == nil {
			if err == nil {
				t.Errorf("%s %s %s = %#v; want an error", tt.name, tt.op, tt.value, e)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s %s %s: %v", tt.name, tt.op, tt.value, err)
			continue
		}
		if diff := cmp.Diff(tt.want, e); diff != "" {
			t.Errorf("%s %s %s (-want +got):\n%s", tt.name, tt.op, tt.value, diff)
		}
	}
}

// TestFilterNames holds the list to section 11.6: an unknown name is answered
// with all of those that there are.
func TestFilterNames(t *testing.T) {
	_, err := readingOfTests(cumulative).one(filter{Name: "nosuch"})
	for name := range strings.SplitSeq(`acceptedRisk, acceptRiskStatus, assetID, auditFileID, benchmarkName, cceID, cpe, cveID, baseCVSSScore, cvssVector,
		cvssV3BaseScore, cvssV3Vector, dataFormat, daysMitigated, daysToMitigated, dnsName, exploitAvailable, exploitFrameworks, familyID, firstSeen, iavmID, ip,
		lastMitigated, lastSeen, mitigatedStatus, msbulletinID, operatingSystem, outputAssets, patchPublished, pluginModified, pluginPublished, pluginID, pluginName,
		pluginText, pluginType, policyID, port, protocol, recastRisk, recastRiskStatus, repositoryIDs, responsibleUserIDs, vulnRoutedUserIDs, vulnRoutingRuleID,
		severity, solutionID, stigSeverity, tcpport, udpport, uuid, vulnPublished, seolDate, wasMitigated, xref, vprScore, assetCriticalityRating, hostUUID,
		vulnUUID, assetExposureScore, aesSeverity, netbiosName, wasInputName, wasInputType, wasURL, wasHttpMethod, wasVuln`, ",") {
		if name = strings.TrimSpace(name); !strings.Contains(err.Error(), name) {
			t.Errorf("the filter %q is missing", name)
		}
	}
}

// FuzzFilter feeds any filter to the translation: it is refused, or means the
// same each time and can be asked of anything.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{"0:11", "1-2", "192.0.2.0/24", "7.0-10", "none", "CWE|79", "x-12", "/a/i", "*", "true"} {
		quoted, err := json.Marshal(s)
		if err != nil {
			f.Fatal(err)
		}
		f.Add("firstSeen", "=", string(quoted))
		f.Add("ip", "!=", string(quoted))
		f.Add("xref", "pcre", string(quoted))
	}
	f.Add("asset", "~", `{"operator":"union","operand1":{"id":"1"},"operand2":{"id":2}}`)
	f.Add("daysMitigated", "=", `"0:3"`)
	f.Fuzz(func(t *testing.T, name, op, value string) {
		one := filter{name, op, json.RawMessage(value)}
		a, errA := readingOfTests(patched).one(one)
		b, errB := readingOfTests(patched).one(one)
		if fmt.Sprint(errA) != fmt.Sprint(errB) || errA == nil && !cmp.Equal(a, b) {
			t.Fatalf("%q %q %q: %v, %v and then %v, %v", name, op, value, a, errA, b, errB)
		}
		if errA != nil && (harrier.KindOf(errA) == harrier.Internal) {
			t.Fatalf("%q %q %q: %v", name, op, value, errA)
		}
		if errA == nil {
			harrier.Matches(a, func(string) []any { return []any{int64(7), "x", true} })
		}
	})
}

func TestScore(t *testing.T) {
	n := harrier.Sums{Counts: harrier.Counts{1256, 32, 176, 146, 19}}
	if have := matching(n, harrier.Weights{}); have != "1629:19:146:176:32:1256:2780" {
		t.Errorf("matching = %s; want what section 11.5 has", have)
	}
}

package harrier

import "strings"

// Severity grades a vulnerability. The order of the values is the order of
// gravity, and the numbers are those of the Nessus and SecurityCenter APIs.
type Severity uint8

// The severities, by rising gravity.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

// Severities is how many severities there are.
const Severities = 5

var severityNames = [Severities]string{"info", "low", "medium", "high", "critical"}

// String returns the name in lower case.
func (s Severity) String() string {
	if s < Severities {
		return severityNames[s]
	}
	return "unknown"
}

// ParseSeverity reads a name in any case ("none" is info) or a digit 0 to 4.
// It answers Invalid for anything else.
func ParseSeverity(s string) (Severity, error) {
	lower := strings.ToLower(strings.TrimSpace(s))
	if lower == "none" {
		return Info, nil
	}
	for i, name := range severityNames {
		if lower == name || len(lower) == 1 && lower[0] == byte('0'+i) {
			return Severity(i), nil
		}
	}
	return Info, Errorf(Invalid, "%q is not a severity (info, low, medium, high, critical)", s)
}

// SeverityOfScore grades a CVSS version 3 or 4 base score.
//
// Source: CVSS v3.1 specification, section 5.
func SeverityOfScore(score float64) Severity {
	switch {
	case score >= 9:
		return Critical
	case score >= 7:
		return High
	case score >= 4:
		return Medium
	case score > 0:
		return Low
	}
	return Info
}

// Counts counts things by severity.
type Counts [Severities]int

// Total is the sum over all severities.
func (c Counts) Total() int {
	n := 0
	for _, k := range c {
		n += k
	}
	return n
}

// Worst returns the gravest severity that is counted at all; false when none
// is.
func (c Counts) Worst() (Severity, bool) {
	for s := Severities - 1; s >= 0; s-- {
		if c[s] > 0 {
			return Severity(s), true
		}
	}
	return Info, false
}

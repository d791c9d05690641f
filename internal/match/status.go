package match

import "github.com/harrier-scan/harrier"

// Code is the result code of a finding: "VE" when a check proved it, "VV" when
// the version is known to have it, "VP" when a banner alone says so. A verdict
// that is not Present is "NV" when it is not there and "UK" when nobody knows.
//
// Source: nexpose-api.md, section 13.1.
func Code(v harrier.Verdict, c harrier.Certainty, source string) string {
	switch {
	case v == harrier.Absent:
		return "NV"
	case v == harrier.Unknown:
		return "UK"
	case c < harrier.Certain:
		return "VP"
	case source == "active" || source == "fact":
		return "VE"
	}
	return "VV"
}

// Status is the Code of an observation.
func Status(o harrier.Observation) string { return Code(harrier.Present, o.Certainty, o.Source) }

// FindingStatus is the Code of a finding: one that is closed is not there.
func FindingStatus(f *harrier.Finding) string {
	if !f.Open() {
		return Code(harrier.Absent, f.Certainty, f.Source)
	}
	return Code(harrier.Present, f.Certainty, f.Source)
}

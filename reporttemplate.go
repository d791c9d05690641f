package harrier

import (
	"slices"
	"time"
)

// ReportTemplate is a kind of document, or of table, of somebody's own making:
// what is in it.
type ReportTemplate struct {
	ID          ID
	UUID        UUID
	Name        string
	Description string
	Owner       ID
	Chapters    []string // of documents; none: it is a table
	Columns     []string // of a table, by their titles; none: those that it usually has
	// Given are a dialect's settings as given, by their own names, to be given
	// back.
	Given    map[string]string
	Created  time.Time
	Modified time.Time
}

// AllChapters are the chapters that a document can have.
var AllChapters = []string{
	ChapterSummary, ChapterTrend, ChapterTop, ChapterRemedies, ChapterHostSummary, ChapterByHost, ChapterByPlugin, ChapterCompliance, ChapterCoverage,
	ChapterDefinitions,
}

// maxColumns bounds the columns of a table.
const maxColumns = 200

// Check answers Invalid, naming the field, for a template that breaks its own
// rules.
func (t *ReportTemplate) Check() error {
	if err := checkName(t.Name); err != nil {
		return err
	}
	for _, c := range t.Chapters {
		if !slices.Contains(AllChapters, c) {
			return Invalidf("chapters", "there is no chapter %q", c)
		}
	}
	switch {
	case len(t.Chapters) > 0 && len(t.Columns) > 0:
		return Invalidf("columns", "a document has chapters, a table has columns")
	case len(t.Columns) > maxColumns:
		return Invalidf("columns", "are more than %d", maxColumns)
	case len(t.Description) > maxReportOptions:
		return Invalidf("description", "is longer than %d bytes", maxReportOptions)
	}
	size := 0
	for k, v := range t.Given {
		size += len(k) + len(v)
	}
	if size > maxReportOptions {
		return Invalidf("given", "is longer than %d bytes", maxReportOptions)
	}
	return nil
}

package harrier

import "time"

// Report is a file made from a scan in some format, on demand.
type Report struct {
	ID      ID
	UUID    UUID
	Token   string // 64 lower-case hex digits: whoever has it may fetch the file
	Owner   ID
	Scan    ID
	Format  string            // name of a format
	Options map[string]string // of the format, by its own names
	Status  ReportStatus
	Error   string // why it failed, for the client
	Name    string // file name for the download
	Path    string // where the file is, below the data folder
	Created time.Time
	Ended   time.Time
}

// ReportStatus is where a report stands.
type ReportStatus string

// The states of a report.
const (
	ReportRunning ReportStatus = "running"
	ReportReady   ReportStatus = "ready"
	ReportFailed  ReportStatus = "failed"
)

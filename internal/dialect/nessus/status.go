package nessus

import harrier "github.com/harrier-scan/harrier"

// statusEmpty is the status of a scan that was never launched.
const statusEmpty = "empty"

// statusWord is the API's word for where a scan stands.
//
// Source: nessus-api.md, section 9: the words that may be emitted.
func statusWord(s harrier.ScanStatus) string {
	switch s {
	case harrier.ScanQueued:
		return "pending"
	case harrier.ScanRunning:
		return "running"
	case harrier.ScanPausing:
		return "pausing"
	case harrier.ScanPaused:
		return "paused"
	case harrier.ScanResuming:
		return "resuming"
	case harrier.ScanStopping:
		return "stopping"
	case harrier.ScanStopped:
		return "canceled"
	case harrier.ScanCompleted:
		return "completed"
	case harrier.ScanAborted:
		return "aborted"
	case harrier.ScanImported:
		return "imported"
	}
	return statusEmpty
}

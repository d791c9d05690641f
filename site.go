package harrier

import (
	"strings"
	"time"
)

// Site is a definition of what to scan, how and when. It is the object in
// Nessus' /scans, an active scan of SecurityCenter, a NeXpose site.
type Site struct {
	ID          ID
	UUID        UUID
	Name        string
	Description string
	Owner       ID
	Repository  ID
	Folder      ID     // zero: none
	Targets     string // as written, see ParseTargets; may be empty until the first launch
	Exclude     string // likewise, subtracted
	Policy      ID     // the settings of its scans
	Engine      ID     // zero: any engine of Pool
	Pool        string // "" is LocalPool
	Schedule    Schedule
	Emails      string  // addresses to tell when a scan ends, comma separated
	Grants      []Grant // who else may use it
	NextRun     time.Time
	LastRun     time.Time
	LastScan    ID // the newest scan; zero before the first
	Read        bool
	Options     SiteOptions
	Created     time.Time
	Modified    time.Time
}

// SiteOptions are what a site says beyond what all dialects have in common.
type SiteOptions struct {
	// MaxDuration bounds each of its scans, whatever the policy says; 0 leaves it
	// to the policy.
	MaxDuration Duration `json:"max_duration,omitempty"`
	// Terms are what becomes of the results of its scans.
	Terms Terms `json:"terms,omitzero"`
	// RolloverOf is the scan whose rest this site is, made when that one was
	// stopped; 0 for others.
	RolloverOf ID `json:"rollover_of,omitempty"`
	// Further are more times at which the site is scanned by itself.
	Further []FurtherRun `json:"further,omitempty"`
	// Lists are asset lists to whose members its scans go beside Targets, and Spared
	// are those whose members they leave alone: the members that there are when a
	// scan begins, as far as the owner of the site sees them.
	Lists  []ID `json:"lists,omitempty"`
	Spared []ID `json:"spared,omitempty"`
	// Defined are asset lists that its scans go to in the place of Targets, which
	// are what the lists were when they were chosen: the addresses and names that
	// their authors have written down, and of other lists the members, as far as the
	// owner of the site sees them when a scan begins.
	Defined []ID `json:"defined,omitempty"`
	// Survey makes its scans look for an attack surface; nil for others. Targets
	// are the seeds then.
	Survey *Survey `json:"survey,omitempty"`
	// Given are a dialect's settings as given, by their own names, to be given
	// back.
	Given map[string]string `json:"given,omitempty"`
}

// Check answers Invalid, naming the field, for a site that breaks its own
// rules: a name that is empty or longer than 255 bytes, targets or exclusions
// that can not be read.
func (s *Site) Check() error {
	if err := checkName(s.Name); err != nil {
		return err
	}
	if s.Options.Survey != nil {
		if err := s.Options.Survey.Check(); err != nil {
			return err
		}
	} else if strings.TrimSpace(s.Targets) != "" {
		if _, err := ParseTargets(s.Targets); err != nil {
			return err
		}
	}
	if strings.TrimSpace(s.Exclude) != "" {
		if _, err := ParseTargets(s.Exclude); err != nil {
			return Invalidf("exclude", "%s", MessageOf(err))
		}
	}
	if max(len(s.Options.Lists), len(s.Options.Spared), len(s.Options.Defined)) > maxLists {
		return Invalidf("lists", "a site names at most %d asset lists", maxLists)
	}
	if s.Options.MaxDuration < 0 {
		return Invalidf("max_duration", "must not be negative")
	}
	if err := s.checkFurther(); err != nil {
		return err
	}
	return s.Options.Terms.Check()
}

// maxLists is how many asset lists a site can name.
const maxLists = 1000

func checkName(name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return Invalidf("name", "must not be empty")
	case len(name) > 255:
		return Invalidf("name", "is longer than 255 bytes")
	case strings.ContainsFunc(name, func(r rune) bool { return r < ' ' }):
		return Invalidf("name", "has control characters")
	}
	return nil
}

// Folder groups a user's sites.
type Folder struct {
	ID    ID
	Owner ID // zero: everybody's
	Name  string
	Kind  FolderKind
}

// FolderKind tells system folders from the users' own.
type FolderKind string

// The kinds of folders. Every installation has one trash (ID 2) and one main
// folder (ID 3) that can neither be renamed nor deleted.
const (
	TrashFolder  FolderKind = "trash"
	MainFolder   FolderKind = "main"
	CustomFolder FolderKind = "custom"
)

// The system folders' IDs: the same in every installation, for scripts that
// name them.
const (
	Trash   ID = 2
	MyScans ID = 3
)

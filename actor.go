package harrier

import "time"

// Permission is a right to do something, or a set of such rights.
type Permission uint32

// The permissions.
const (
	ReadOwn        Permission = 1 << iota // see own objects and those shared with one
	ReadAll                               // see everybody's objects
	EditSites                             // create, change and delete sites
	RunScans                              // launch, pause, resume and stop scans of sites one may control
	EditPolicies                          // create, change and delete policies
	EditFindings                          // write exceptions
	EditAll                               // do all of these to everybody's objects
	ManageUsers                           // create, change and delete users
	ManageEngines                         // engines and pools
	OperateConsole                        // guard rules, configuration, restart
	ReadFindings                          // see the assets and findings of one's scope
	RecastFindings                        // write exceptions that recast; EditFindings are those that accept
	ShareObjects                          // give others levels on one's objects
	WriteTickets                          // write tickets, and change one's own
	WriteAlerts                           // write alerts
	FreezeScans                           // write freeze windows
)

// Role is a named set of permissions.
type Role string

// The built-in roles.
const (
	NoRole               Role = "none"
	CredentialManager    Role = "credential manager" // looks after credentials, and sees no findings
	Executive            Role = "executive"          // reads
	Viewer               Role = "viewer"             // reads
	VulnerabilityAnalyst Role = "vulnerability analyst"
	Analyst              Role = "analyst"       // own sites, scans and policies
	Administrator        Role = "administrator" // everybody's objects, users
	Operator             Role = "operator"      // everything, also the installation itself
)

// Roles lists the built-in roles by rising power.
var Roles = []Role{NoRole, CredentialManager, Executive, Viewer, VulnerabilityAnalyst, Analyst, Administrator, Operator}

// Permissions returns what r may do; an unknown role may do nothing, nor may one
// that is somebody's own: RoleDefinition says what that may.
func (r Role) Permissions() Permission {
	switch r {
	case CredentialManager:
		return ReadOwn | EditPolicies | ShareObjects
	case Viewer, Executive:
		return ReadOwn | ReadFindings
	case VulnerabilityAnalyst:
		return Viewer.Permissions() | EditFindings | ShareObjects | WriteTickets
	case Analyst:
		return VulnerabilityAnalyst.Permissions() | EditSites | RunScans | EditPolicies | RecastFindings | WriteAlerts
	case Administrator:
		return Analyst.Permissions() | ReadAll | EditAll | ManageUsers | FreezeScans
	case Operator:
		return Administrator.Permissions() | ManageEngines | OperateConsole
	default:
		return 0
	}
}

// Actor is who asks. The zero value may do nothing.
type Actor struct {
	User        ID
	Name        string
	Role        Role
	Permissions Permission
	Via         string // how it came in: "nessus", "cli", "schedule"
	Session     string // hash of the token of the session that it came with; "" without one

	Organization ID // zero: the installation, which is above all organisations
	Group        ID
	// Scope is the condition that assets and findings must meet for a to see them,
	// in fields that both have. Nil sees all.
	Scope    Expr
	AllSites bool // see User.AllSites
	// Place is where a stands among the others; nil for one without organisation.
	Place *Standing
}

// System is the actor of what the console does by itself.
var System = Actor{Name: "system", Role: Operator, Permissions: Operator.Permissions(), Via: "system"}

// May reports whether a has all of p.
func (a Actor) May(p Permission) bool { return a.Permissions&p == p }

// User is somebody who can sign in.
type User struct {
	ID           ID
	UUID         UUID
	Name         string // to sign in with: unique, case-insensitive
	FullName     string
	Email        string
	Role         Role
	Disabled     bool
	PasswordHash string // argon2id in PHC form; never shown
	AccessKey    string // "" while the user has no key pair
	SecretHash   string // of the secret key; never shown
	Failures     int    // failed sign-ins since the last good one
	LastFailure  time.Time
	LastLogin    time.Time
	Created      time.Time

	Organization ID // zero: the installation
	Group        ID // zero for those of the installation
	// ManagedUsers and ManagedObjects are the groups whose users and objects the
	// user manages. Nil leaves it to the role: with the right to do so, all groups
	// for members of the organisation's first group, and the own one for others.
	ManagedUsers   []ID
	ManagedObjects []ID
	Responsible    ID // the asset list that the user answers for; zero: none
	// AllSites lets the user run the scans of every site of the organisation, of
	// those to come too, as far as the role does.
	AllSites bool
	// Given is what else a dialect says of the user, by its own names: "title".
	Given map[string]string
}

// GivenSurveyMail is the name, among what is Given of a user, of the wish to be
// written to when a scan that looks for an attack surface is complete: "true". It
// is the preference email_on_complete of the ASM API.
const GivenSurveyMail = "asm.email_on_complete"

// Session is a sign-in that lasts until it is ended or idle for too long.
type Session struct {
	TokenHash string // SHA-256 of the token, hex; the token itself is not kept
	User      ID
	Created   time.Time
	LastUsed  time.Time
	Idle      time.Duration // ends after this time without use
	From      string        // remote address
	Via       string        // dialect
}

// AuditEntry is a line of the audit log.
type AuditEntry struct {
	ID     ID
	At     time.Time
	Actor  string
	Via    string
	Action string // "scan.launch", "user.create", "session.refused"
	Object string // "scan 12"
	Detail string // never a secret
}

// Package nexposewords is what the doors of the NeXpose family say alike: scan
// templates, reasons and scopes of exceptions, and the names under which objects
// of the model keep what only this family has, so that what one of these doors
// was told the others show.
//
// Sources are sections of the project's nexpose-api.md.
package nexposewords

// OwnField begins all names of what only this family keeps.
const OwnField = "nexpose."

// What is kept of a site, by name in harrier.SiteOptions.Given.
const (
	GivenTemplate     = OwnField + "template"
	GivenRisk         = OwnField + "riskfactor"
	GivenOrganization = OwnField + "organization" // JSON, attributes by key
	GivenScanName     = OwnField + "scanName"
)

// What is kept of an exception beside the rule itself.
const (
	GivenReason = "reason"
	GivenScope  = "scope"
	GivenDevice = "device-id"
	GivenSite   = "site-id"
	GivenKey    = "vuln-key"
)

// The scopes of an exception.
//
// Source: section 11.3.
const (
	Everywhere = "All Instances"
	OnDevice   = "All Instances on a Specific Asset"
	InSite     = "All Instances in a Specific Site"
	Instance   = "Specific Instance of Specific Asset"
)

// Reasons are why exceptions are made.
var Reasons = []string{"False Positive", "Compensating Control", "Acceptable Use", "Acceptable Risk", "Other"}

// What is kept of a report definition.
const (
	GivenFormat         = OwnField + "format"
	GivenReportTemplate = OwnField + "template-id"
	GivenZone           = OwnField + "timezone"
	GivenLanguage       = OwnField + "language"
	GivenFilters        = OwnField + "filters"
)

// AllSites is what is kept of a user who was given all sites.
const AllSites = OwnField + "allSites"

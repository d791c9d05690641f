// Package securitycenter is the SecurityCenter dialect: the REST API that
// clients of Tenable Security Center 5 and 6 speak, under /rest.
//
// Its words are those of that API and stay in here: a scan is a site, a scan
// result is a scan, a plugin is a vulnerability.
//
// Source: securitycenter-api.md throughout; comments name the section.
package securitycenter

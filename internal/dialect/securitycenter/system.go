package securitycenter

// apiVersion is the version of the API that is spoken; clients switch on it.
//
// Source: section 5.1.
const apiVersion = "6.4.0"

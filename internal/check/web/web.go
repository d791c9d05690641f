// Package web has the checks of web servers: what they show that should not be
// public, and what their answers lack.
package web

import (
	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// Checks lists the checks of this package.
var Checks = []check.Check{
	Git, Subversion, Env, DSStore, ServerStatus, ServerInfo, StubStatus, PHPInfo, DirectoryListing, Backup, AdminPanel, PlainLogin,
	Trace, BasicAuth, HSTS, ContentTypeOptions, FrameOptions, FrameAncestors,
}

const (
	servers = "Web Servers"
	cgi     = "CGI abuses"
)

func applies(s harrier.Service) bool { return s.Name == "http" }

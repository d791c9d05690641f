// Package all is the one list of active checks.
package all

import (
	"slices"

	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/check/databases"
	"github.com/harrier-scan/harrier/internal/check/dns"
	"github.com/harrier-scan/harrier/internal/check/ftp"
	"github.com/harrier-scan/harrier/internal/check/mail"
	"github.com/harrier-scan/harrier/internal/check/misc"
	"github.com/harrier-scan/harrier/internal/check/remote"
	"github.com/harrier-scan/harrier/internal/check/snmp"
	"github.com/harrier-scan/harrier/internal/check/ssh"
	"github.com/harrier-scan/harrier/internal/check/tls"
	"github.com/harrier-scan/harrier/internal/check/web"
	"github.com/harrier-scan/harrier/internal/check/windows"
)

// Checks returns all active checks; a new folder of checks adds its list here.
// The caller may change the slice.
func Checks() []check.Check {
	return slices.Concat(
		databases.Checks,
		dns.Checks,
		ftp.Checks,
		mail.Checks,
		misc.Checks,
		remote.Checks,
		snmp.Checks,
		ssh.Checks,
		tls.Checks,
		web.Checks,
		windows.Checks,
	)
}

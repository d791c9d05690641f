package web

import (
	"bytes"
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// exposed makes a check of files or pages at usual places. Proof tells them
// from other content and gives the evidence, which never holds a secret.
func exposed(v harrier.Vulnerability, r check.Rating, proof func(check.Reply) (string, bool), paths ...string) check.Check {
	return check.Define(v, r, check.Check{Applies: applies, Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		return t.Exposed(ctx, proof, paths...)
	}})
}

// contains proves a page by texts that it has in any order, and shows the line
// of the first one.
func contains(texts ...string) func(check.Reply) (string, bool) {
	return func(r check.Reply) (string, bool) {
		for _, text := range texts {
			if !bytes.Contains(r.Body, []byte(text)) {
				return "", false
			}
		}
		_, rest, _ := bytes.Cut(r.Body, []byte(texts[0]))
		return "  " + texts[0] + check.FirstLine(rest), true
	}
}

var gitHead = regexp.MustCompile(`^(ref: refs/[\w./-]{1,200}|[0-9a-f]{40}|[0-9a-f]{64})\s*$`)

// Git reports the repository behind a web site.
var Git = exposed(harrier.Vulnerability{
	ID: 900501, Slug: "http-git-exposed", Name: "Git repository served by the web server", Family: cgi,
	Synopsis:    "The web server gives out the source code of the site.",
	Description: "The folder .git below the document root can be read. From its files the whole history of the source can be rebuilt, passwords that were ever in it included.",
	Solution:    "Deploy without the folder .git, or forbid access to it; change the passwords that were in the repository.",
	CWEs:        []int{527, 538},
	References:  []string{"https://git-scm.com/docs/gitrepository-layout"},
}, check.Exposure, func(r check.Reply) (string, bool) {
	return "  " + check.FirstLine(r.Body), gitHead.Match(r.Body)
}, "/.git/HEAD")

// Subversion reports a working copy behind a web site.
var Subversion = exposed(harrier.Vulnerability{
	ID: 900502, Slug: "http-svn-exposed", Name: "Subversion working copy served by the web server", Family: cgi,
	Synopsis:    "The web server gives out the source code of the site.",
	Description: "The folder .svn below the document root can be read. Its database lists all files of the site, and their source is beside it.",
	Solution:    "Deploy an export instead of a working copy, or forbid access to the folder.",
	CWEs:        []int{527, 538},
	References:  []string{"https://svnbook.red-bean.com/en/1.8/svn.developer.insidewc.html"},
}, check.Exposure, func(r check.Reply) (string, bool) {
	return "  The file is an SQLite database.", bytes.HasPrefix(r.Body, []byte("SQLite format 3\x00")) && bytes.Contains(r.Body, []byte("PRISTINE"))
}, "/.svn/wc.db")

var envLine = regexp.MustCompile(`(?m)^(?:export )?([A-Z][A-Z0-9_]{2,60})[ \t]*=[^\r\n]*$`)

// Env reports a file of settings for the environment of an application.
var Env = exposed(harrier.Vulnerability{
	ID: 900503, Slug: "http-env-exposed", Name: "Environment file served by the web server", Family: cgi,
	Synopsis:    "The web server gives out the settings of the application.",
	Description: "The file .env below the document root can be read. Such files hold the passwords and keys of an application.",
	Solution:    "Keep the file outside the document root, and change what was in it.",
	CWEs:        []int{538, 200},
	References:  []string{"https://12factor.net/config"},
}, check.Exposure, envNames, "/.env")

// envNames proves a file of settings by at least two of them and no markup, and
// shows their names without the values.
func envNames(r check.Reply) (string, bool) {
	var names []string
	for _, m := range envLine.FindAllSubmatch(r.Body, 20) {
		names = append(names, string(m[1]))
	}
	if len(names) < 2 || bytes.Contains(r.Body, []byte("<html")) || bytes.HasPrefix(bytes.TrimSpace(r.Body), []byte("<")) {
		return "", false
	}
	return "  It sets " + strings.Join(names, ", "), true
}

// DSStore reports a list of files that a desktop left behind.
var DSStore = exposed(harrier.Vulnerability{
	ID: 900504, Slug: "http-ds-store-exposed", Name: "Folder settings of macOS served by the web server", Family: cgi,
	Synopsis:    "The web server gives out a list of its files.",
	Description: "The file .DS_Store, which the desktop of macOS leaves in folders, can be read. It names the files in the folder, also those that nobody links to.",
	Solution:    "Delete such files and do not deploy them.",
	CWEs:        []int{538},
	References:  []string{"https://en.wikipedia.org/wiki/.DS_Store"},
}, check.Disclosure, func(r check.Reply) (string, bool) {
	return "  The file begins as folder settings do.", bytes.HasPrefix(r.Body, []byte("\x00\x00\x00\x01Bud1"))
}, "/.DS_Store")

// ServerStatus reports the status page of Apache.
var ServerStatus = exposed(harrier.Vulnerability{
	ID: 10677, Slug: "http-server-status", Name: "Apache mod_status /server-status Information Disclosure", Family: servers,
	Synopsis:    "The web server shows its status to anybody.",
	Description: "The status page of the server can be read. It lists the requests of other visitors with their addresses, and tells about load and modules.",
	Solution:    "Limit the page to the hosts that watch the server (Require local).",
	CWEs:        []int{200},
	References:  []string{"https://httpd.apache.org/docs/2.4/mod/mod_status.html"},
}, check.Disclosure, contains("Scoreboard: ", "BusyWorkers: "), "/server-status?auto")

// ServerInfo reports the configuration page of Apache.
var ServerInfo = exposed(harrier.Vulnerability{
	ID: 10678, Slug: "http-server-info", Name: "Apache mod_info /server-info Information Disclosure", Family: servers,
	Synopsis:    "The web server shows its configuration to anybody.",
	Description: "The page of mod_info can be read. It shows the whole configuration of the server.",
	Solution:    "Limit the page to the hosts that watch the server (Require local), or turn the module off.",
	CWEs:        []int{200},
	References:  []string{"https://httpd.apache.org/docs/2.4/mod/mod_info.html"},
}, check.Disclosure, contains("Apache Server Information", "Server Settings"), "/server-info")

// StubStatus reports the counters of nginx.
var StubStatus = exposed(harrier.Vulnerability{
	ID: 900505, Slug: "http-nginx-status", Name: "nginx counters shown to anybody", Family: servers,
	Synopsis:    "The web server shows its counters to anybody.",
	Description: "The page of the module stub_status can be read. It tells how many connections and requests the server has.",
	Solution:    "Limit the page to the hosts that watch the server.",
	References:  []string{"https://nginx.org/en/docs/http/ngx_http_stub_status_module.html"},
}, check.Fact, contains("Active connections: ", "server accepts handled requests"), "/nginx_status", "/stub_status", "/basic_status", "/status")

// PHPInfo reports a page that shows the configuration of PHP.
var PHPInfo = exposed(harrier.Vulnerability{
	ID: 11229, Slug: "http-phpinfo", Name: "Web Server info.php / phpinfo.php Detection", Family: cgi,
	Synopsis:    "A page shows the configuration of PHP to anybody.",
	Description: "A script that calls phpinfo() can be reached. It shows paths, versions, modules and the environment, passwords sometimes included.",
	Solution:    "Delete the script.",
	CWEs:        []int{200},
	References:  []string{"https://www.php.net/manual/en/function.phpinfo.php"},
}, check.Disclosure, contains("PHP Version ", "phpinfo()"), "/phpinfo.php", "/info.php", "/php_info.php", "/test.php", "/i.php")

var listing = regexp.MustCompile(`(?i)<title>\s*(Index of /|Directory listing for /|/ - Directory Listing)`)

// DirectoryListing reports a server that lists the files of its root.
var DirectoryListing = exposed(harrier.Vulnerability{
	ID: 40984, Slug: "http-directory-listing", Name: "Browsable Web Directories", Family: cgi,
	Synopsis:    "The web server lists its files.",
	Description: "The server lists the files of a folder that has no index page, also those that nobody links to. This can be intended.",
	Solution:    "Turn listings off unless all files are meant for everybody.",
	CWEs:        []int{548},
	References:  []string{"https://cwe.mitre.org/data/definitions/548.html"},
}, check.Disclosure, func(r check.Reply) (string, bool) {
	m := listing.FindSubmatch(r.Body)
	if m == nil {
		return "", false
	}
	return fmt.Sprintf("  %s (%d links)", m[1], bytes.Count(bytes.ToLower(r.Body), []byte("<a href="))), true
}, "/", "/icons/", "/uploads/", "/files/", "/backup/")

// Package shot takes pictures of web pages with a headless Chromium. The browser
// reaches nothing but the page's own server: it talks through a proxy of ours,
// which connects to one address by netio and refuses all else.
package shot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
)

// The bounds of one page.
const (
	maxTime  = 10 * time.Second
	settle   = 5 * time.Second // after which a page that still loads is taken as it is
	maxBytes = 16 << 20        // to and from the page's server
)

// None says instead of a browser that there is to be none.
const None = "none"

var names = []string{"chromium", "chromium-browser", "google-chrome"}

// Find is the path of the browser that is told, or of one that is installed when
// that is "". It answers "" for None and where there is none, and Invalid, naming
// the field survey_browser, for one that is told and not there.
func Find(told string) (string, error) {
	switch told {
	case None:
		return "", nil
	case "":
		for _, name := range names {
			if path, err := exec.LookPath(name); err == nil {
				return path, nil
			}
		}
		return "", nil
	}
	path, err := exec.LookPath(told)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return "", harrier.Invalidf("survey_browser", "%s is no program", told).Because(err)
	}
	return path, nil
}

// Page is what is to be seen: a URL of the scheme http or https, and the address
// on which its host is.
type Page struct {
	URL *url.URL
	At  netip.AddrPort
}

// Take returns a picture of a page as WebP, 1280 pixels wide and 800 high. It
// takes ten seconds at most; of the browser nothing is left when it returns,
// neither processes nor files. The error says that there is no picture: the page
// did not come in time, the address is Forbidden, or the picture is larger than
// harrier.MaxScreenshot.
func Take(ctx context.Context, n *netio.Net, browser string, p Page) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	way, err := listen(ctx, n, p)
	if err != nil {
		return nil, err
	}
	defer way.close()
	home, err := os.MkdirTemp("", "harrier-shot-")
	if err != nil {
		return nil, err
	}
	defer remove(home)
	if err := prepare(home); err != nil {
		return nil, err
	}
	picture := filepath.Join(home, "page.webp")
	cmd := exec.Command(browser, arguments(home, picture, way.addr(), p.URL)...) //nolint:noctx // run ends its whole group
	cmd.Dir = home
	cmd.Env = []string{"HOME=" + home, "TMPDIR=" + home, "XDG_CONFIG_HOME=" + home, "XDG_CACHE_HOME=" + home, "PATH=" + os.Getenv("PATH"), "LANG=C.UTF-8"}
	if err := run(ctx, cmd, home); err != nil {
		return nil, fmt.Errorf("shot: the browser: %w", err)
	}
	if !way.answered() { // a picture of the browser's own words
		return nil, errors.New("shot: the page did not answer")
	}
	return read(picture)
}

// read takes a picture that a browser, which may be in a page's hands, left. It
// follows no links.
func read(name string) ([]byte, error) {
	if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return nil, errors.New("shot: the browser took no picture")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, harrier.MaxScreenshot+1))
	if err != nil {
		return nil, err
	}
	return b, harrier.Screenshot{WebP: b}.Check()
}

// preferences deny scripts, which know ways that no proxy sees, such as datagrams;
// downloads; and ways to the network around the proxy.
const preferences = `{"profile":{"default_content_setting_values":{"javascript":2}},"download_restrictions":3,"webrtc":{"ip_handling_policy":"disable_non_proxied_udp","multiple_routes_enabled":false,"nonproxied_udp_enabled":false},` +
	`"net":{"network_prediction_options":2},"dns_prefetching":{"enabled":false},"safebrowsing":{"enabled":false}}`

// prepare makes the profile of a browser that was never used.
func prepare(home string) error {
	dir := filepath.Join(home, "profile", "Default")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "Preferences"), []byte(preferences), 0o600)
}

// remove takes away what a browser that was just ended left.
func remove(home string) {
	for range 5 { // a process that is ending may add a file meanwhile
		if os.RemoveAll(home) == nil {
			return
		}
	}
}

func arguments(home, picture, proxy string, u *url.URL) []string {
	args := []string{
		"--headless", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--mute-audio", "--no-first-run", "--no-default-browser-check", "--no-pings",
		"--disable-extensions", "--disable-sync", "--disable-default-apps", "--disable-component-update", "--disable-background-networking", "--disable-domain-reliability",
		"--disable-client-side-phishing-detection", "--disable-breakpad", "--disable-crash-reporter", "--metrics-recording-only", "--password-store=basic",
		"--disable-features=MediaRouter,DialMediaRouteProvider,OptimizationHints,Translate,AutofillServerCommunication,NetworkTimeServiceQuerying,AsyncDns",
		"--user-data-dir=" + filepath.Join(home, "profile"),
		// All goes through the proxy, what is on this machine too; names are not looked up.
		"--proxy-server=http://" + proxy, "--proxy-bypass-list=<-loopback>", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--disable-quic",
		"--force-webrtc-ip-handling-policy=disable_non_proxied_udp", "--webrtc-ip-handling-policy=disable_non_proxied_udp",
		"--ignore-certificate-errors", // what is wrong with a certificate is a finding
		"--user-agent=Mozilla/5.0 (compatible; Harrier)",
		"--window-size=1280,800", "--timeout=" + strconv.FormatInt(settle.Milliseconds(), 10), "--screenshot=" + picture,
	}
	if os.Getuid() == 0 { // its sandbox does not work for root, nor without namespaces for nobody
		args = append(args, "--no-sandbox")
	}
	return append(args, u.String())
}

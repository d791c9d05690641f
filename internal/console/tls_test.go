package console

import (
	"crypto/tls"
	"net/http"
	"testing"
	"time"
)

// TestTLS shows wire rule 27 of the Nessus dialect: a certificate of one's own,
// TLS 1.2 and 1.3, HTTP/1.1.
func TestTLS(t *testing.T) {
	con, stop := start(t, testConfig(t, t.TempDir()))
	url := "https://" + con.Addrs()[0].String() + "/server/status"
	for version, want := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		res, err := (&http.Client{Transport: tr, Timeout: 20 * time.Second}).Do(req)
		if got := err == nil; got != want {
			t.Errorf("%s is answered: %v (%v); want %v", tls.VersionName(version), got, err, want)
		}
		if err == nil {
			if res.Proto != "HTTP/1.1" || res.TLS.Version != version || res.StatusCode != http.StatusOK {
				t.Errorf("%s answers %s %s", tls.VersionName(version), res.Proto, res.Status)
			}
			_ = res.Body.Close() // nothing more is read
		}
		tr.CloseIdleConnections()
	}
	if err := stop(); err != nil {
		t.Errorf("Run = %v", err)
	}
}

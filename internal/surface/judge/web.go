package judge

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/surface"
)

// soon is how long before its end a certificate is told of.
const soon = 30 * 24 * time.Hour

// version is how headers name a release: "nginx/1.18.0".
var version = regexp.MustCompile(`/v?\d+(\.\d+)+`)

func (v *view) certificate(n surface.Node) {
	ends := v.has(n, "not_after")
	if len(ends) == 0 {
		return
	}
	if end, err := time.Parse(time.RFC3339, ends[0]); err == nil {
		switch {
		case !v.now.Before(end):
			v.risk(&expired, n, "", "It ended on "+ends[0]+".", harrier.Certain)
		case end.Sub(v.now) < soon:
			v.risk(&expiring, n, "", "It ends on "+ends[0]+".", harrier.Certain)
		}
	}
	if fault := weakness(v.has(n, "key"), v.has(n, "bits"), v.has(n, "signature")); fault != "" && (len(v.has(n, "self_signed")) == 0 || strings.Contains(fault, "bits")) {
		v.risk(&weakCertificate, n, "", fault, harrier.Certain)
	}
	if !slices.ContainsFunc(v.In(n), func(f surface.Fact) bool { return f.From.Kind == surface.URL }) {
		return // senders of mail ask nobody about a certificate
	}
	issuer := strings.Join(v.has(n, "issuer"), "")
	switch {
	case v.is(n, "self_signed"):
		v.risk(&selfSigned, n, "", "Its issuer is "+issuer+".", harrier.Certain)
	case v.is(n, "untrusted"):
		v.risk(&untrusted, n, "", "Its issuer is "+issuer+"; nothing that was sent leads from there to an authority that is trusted.", harrier.Certain)
	}
}

// weakness says what of a certificate can be broken; "" for nothing.
//
// Source: CA/Browser Forum Baseline Requirements section 6.1.5, 7.1.3.
func weakness(key, bits, signature []string) string {
	n, err := strconv.Atoi(strings.Join(bits, ""))
	sign := strings.ToUpper(strings.Join(signature, ""))
	switch {
	case err == nil && strings.Join(key, "") == "RSA" && n < 2048, err == nil && strings.Join(key, "") == "ECDSA" && n < 256:
		return fmt.Sprintf("Its key has %d bits.", n)
	case strings.HasPrefix(sign, "MD") || strings.Contains(sign, "SHA1"):
		return "It is signed by " + strings.Join(signature, "") + "."
	}
	return ""
}

func (v *view) page(n surface.Node) {
	plain := strings.HasPrefix(n.Key, "http://")
	status := strings.Join(v.has(n, "status"), "")
	if v.is(n, "certificate.mismatch") {
		v.risk(&mismatch, n, "", "The certificate is not for the host in "+n.Key+".", harrier.Certain)
	}
	if plain && v.is(n, "password") {
		v.risk(&plainLogin, n, "", n.Key+" has a field for a password.", harrier.Certain)
	}
	var shown []string
	if server := strings.Join(v.has(n, "server"), ""); version.MatchString(server) {
		shown = append(shown, "Server: "+server)
	}
	shown = append(shown, v.has(n, "leaks")...)
	if powered := strings.Join(v.has(n, "powered"), ""); powered != "" {
		shown = append(shown, "X-Powered-By: "+powered)
	}
	if len(shown) > 0 {
		v.risk(&leaked, n, "", n.Key+" is answered with "+strings.Join(shown, ", ")+".", harrier.Certain)
	}
	if status != "200" {
		return
	}
	if plain {
		v.risk(&noHTTPS, n, "", n.Key+" answers 200.", harrier.Certain)
	} else if !v.is(n, "hsts") {
		v.risk(&noHSTS, n, "", n.Key+" sends no Strict-Transport-Security.", harrier.Certain)
	}
	var missing []string
	for name, header := range map[string]string{"csp": "Content-Security-Policy", "sniff": "X-Content-Type-Options", "referrer": "Referrer-Policy"} {
		if !v.is(n, name) {
			missing = append(missing, header)
		}
	}
	if !v.is(n, "frames") && !strings.Contains(strings.Join(v.has(n, "csp"), ""), "frame-ancestors") {
		missing = append(missing, "X-Frame-Options")
	}
	if kind := v.has(n, "type"); len(missing) > 0 && (len(kind) == 0 || strings.Contains(kind[0], "html")) {
		v.risk(&noHeaders, n, "", "It lacks "+join(missing)+".", harrier.Certain)
	}
}

func join(list []string) string {
	slices.Sort(list)
	return strings.Join(list, ", ")
}

package harrier

import "time"

// Certainty says how sure a statement is.
type Certainty uint8

// The certainties, by rising strength. Certain statements come from an active
// proof or the vendor's own advisory; potential ones from a banner alone.
const (
	Guessed   Certainty = iota // from a port number or a weak pattern
	Potential                  // from a banner that can be wrong
	Certain                    // shown by the target's own behaviour
)

// String returns "guessed", "potential" or "certain".
func (c Certainty) String() string {
	return [...]string{"guessed", "potential", "certain"}[min(c, Certain)]
}

// Service is a listening endpoint of an asset and what is known of it.
type Service struct {
	Asset ID `json:"asset,omitzero"`
	Endpoint
	// Name is the application protocol in lower case ("http", "ssh", "redis"),
	// the same with and without TLS; "" when it is not known.
	Name string `json:"name,omitempty"`
	TLS  bool   `json:"tls,omitempty"` // spoken inside TLS from the first byte
	// Also are further protocols that the port answers to from the first byte, by
	// the names that Name has: of services that share a port, or of a server that
	// looks at what comes. With TLS they are spoken in plain, and Name may be one
	// of them; without, "tls" says that TLS is spoken too.
	Also    []string `json:"also,omitempty"`
	Product string   `json:"product,omitempty"` // "OpenSSH", "nginx"; "" when not known
	Version string   `json:"version,omitempty"` // as the wire gave it; "" when not known
	CPE     string   `json:"cpe,omitempty"`     // CPE 2.3 formatted string, with the version if that is known
	Banner  string   `json:"banner,omitempty"`  // first bytes that the server sent, printable, at most 1 KiB
	// Evidence is the line of the exchange that told product and version.
	Evidence  string    `json:"evidence,omitempty"`
	Certainty Certainty `json:"certainty,omitempty"` // of the name
	// Facts are further things learnt, by stable keys such as "http.title",
	// "ssh.kex", "smb.signing", "tls.versions", "auth.required".
	Facts        map[string]string `json:"facts,omitempty"`
	Certificates []Certificate     `json:"certificates,omitempty"` // as sent, leaf first
	// Technologies are what a web service is made of beside its Product, which
	// is the server in front: applications, frameworks, languages, libraries.
	// Ordered by name, which is unique; at most 64.
	Technologies []Technology `json:"technologies,omitempty"`
	FirstSeen    time.Time    `json:"first_seen,omitzero"`
	LastSeen     time.Time    `json:"last_seen,omitzero"`
}

// Fact returns a fact, or "".
func (s Service) Fact(key string) string { return s.Facts[key] }

// Technology is software, or the device, that a web service shows itself to be
// made of.
type Technology struct {
	Name     string `json:"name"`               // "WordPress", "PHP", "jQuery"
	Version  string `json:"version,omitempty"`  // as the wire gave it; "" when not known
	Category string `json:"category,omitempty"` // "cms", "framework", "printer" …; "template" when a template told it
	CPE      string `json:"cpe,omitempty"`      // CPE 2.3 formatted string; "" when none is registered
	// Evidence is the part of the exchange that told name and version, such as
	// "GET /: <meta generator: WordPress 6.4.2>".
	Evidence string `json:"evidence,omitempty"`
	// Certainty is Certain when the product's own mark was seen, Potential when
	// another technology implies it, Guessed for a weak sign.
	Certainty Certainty `json:"certainty"`
}

// String returns name and version: "WordPress 6.4.2".
func (t Technology) String() string {
	if t.Version == "" {
		return t.Name
	}
	return t.Name + " " + t.Version
}

// Certificate is what matters of an X.509 certificate.
type Certificate struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	Serial    string    `json:"serial"` // upper-case hex
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	DNSNames  []string  `json:"dns_names,omitempty"`
	Key       string    `json:"key"`      // "RSA", "ECDSA", "Ed25519", "DSA"
	KeyBits   int       `json:"key_bits"` // of the modulus or the curve
	Signature string    `json:"signature"`
	SHA256    string    `json:"sha256"` // of the DER bytes, lower-case hex
	DER       []byte    `json:"der,omitempty"`
}

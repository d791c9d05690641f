package surface

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
)

//go:embed words.txt
var wordFile string

// Words is the built-in list of labels that are tried below a domain.
func Words() []string { return strings.Fields(wordFile) }

// affixes are what people put before and behind a name for another one like it.
var affixes = []string{"dev", "test", "stage", "staging", "prod", "qa", "uat", "old", "new", "beta", "api", "admin", "int", "ext", "backup"}

// permutations gives names like the first label of name, below the same
// parent: numbers counted on, and words put before and behind. It depends on
// the name alone, so that the order in which names are found changes nothing.
func permutations(name string) []string {
	label, rest, ok := strings.Cut(name, ".")
	if !ok || strings.ContainsAny(label, "_*") {
		return nil
	}
	var out []string
	add := func(l string) {
		if l != label && len(l) <= 63 && len(l)+1+len(rest) <= 253 {
			out = append(out, l+"."+rest)
		}
	}
	for i := 0; i < len(label); {
		j := i
		for j < len(label) && label[j] >= '0' && label[j] <= '9' {
			j++
		}
		if j == i {
			i++
			continue
		}
		if n, err := strconv.Atoi(label[i:j]); err == nil && j-i <= 4 {
			for k := max(0, n-3); k <= n+5; k++ {
				digits := strconv.Itoa(k)
				add(label[:i] + digits + label[j:])
				for len(digits) < j-i {
					digits = "0" + digits
				}
				add(label[:i] + digits + label[j:])
			}
			add(label[:i] + label[j:])
		}
		i = j
	}
	if last := label[len(label)-1]; last < '0' || last > '9' {
		for k := 1; k <= 3; k++ {
			add(label + strconv.Itoa(k))
			add(label + "-" + strconv.Itoa(k))
			add(label + "0" + strconv.Itoa(k))
		}
	}
	for _, a := range affixes {
		add(label + "-" + a)
		add(a + "-" + label)
		add(label + a)
		add(a + label)
	}
	for _, part := range strings.Split(label, "-") {
		add(part)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(s string) bool { return strings.HasPrefix(s, ".") || strings.HasPrefix(s, "-") })
}

// selectors are under which mail senders commonly publish keys.
var selectors = []string{
	"default", "dkim", "mail", "selector1", "selector2", "google", "k1", "k2", "k3", "s1", "s2", "smtp", "mandrill", "mxvault", "everlytickey1", "fm1", "fm2", "fm3", "zoho", "key1", "sig1", "pm", "mta", "email", "dk",
}

// services are the names under which SRV records commonly are.
//
// Source: IANA service names; RFC 6186, RFC 6763, RFC 3263.
var services = []string{
	"_sip._tcp", "_sip._udp", "_sips._tcp", "_sipfederationtls._tcp", "_xmpp-client._tcp", "_xmpp-server._tcp", "_ldap._tcp", "_kerberos._tcp", "_kerberos._udp",
	"_kpasswd._tcp", "_gc._tcp", "_autodiscover._tcp", "_imap._tcp", "_imaps._tcp", "_pop3s._tcp", "_submission._tcp", "_submissions._tcp", "_caldavs._tcp",
	"_carddavs._tcp", "_matrix._tcp", "_minecraft._tcp", "_turn._udp", "_stun._udp", "_h323cs._tcp",
}

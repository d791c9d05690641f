package builtin

import (
	"cmp"
	"strings"
)

// consequence says in one sentence what a CVSS vector says: who can do what
// from where. "" for none that is understood.
//
// Source: CVSS v3.1 and v4.0 specifications, base metrics.
func consequence(vectors []string) string {
	for _, v := range vectors {
		if s := sentence(metrics(v)); s != "" {
			return s
		}
	}
	return ""
}

// metrics are the parts of a vector, by name.
func metrics(vector string) map[string]string {
	m := map[string]string{}
	for _, part := range strings.Split(vector, "/")[1:] {
		name, value, _ := strings.Cut(part, ":")
		m[name] = value
	}
	return m
}

// impacts are the effects on confidentiality, integrity and availability, as in
// a vector; "N" for one that it does not name.
func impacts(vector string) (c, i, a string) { return impactsOf(metrics(vector)) }

func impactsOf(m map[string]string) (c, i, a string) {
	value := func(v3, v4 string) string { return cmp.Or(m[v3], m[v4], "N") }
	return value("C", "VC"), value("I", "VI"), value("A", "VA")
}

func sentence(m map[string]string) string {
	where := map[string]string{
		"N": "over the network", "A": "from the neighbouring network", "L": "on the system itself", "P": "with physical access",
	}[m["AV"]]
	who := map[string]string{
		"N": "An attacker without an account", "L": "An attacker with an ordinary account", "H": "An attacker with an administrative account",
	}[m["PR"]]
	can := impact(m)
	if where == "" || who == "" || can == "" {
		return ""
	}
	s := who + " " + can + " " + where
	if m["UI"] == "R" || m["UI"] == "A" || m["UI"] == "P" {
		s += ", with the help of a user"
	}
	if m["AC"] == "H" || m["AT"] == "P" {
		s += ", under conditions that are hard to meet"
	}
	return s + "."
}

// impact is what can be done, of confidentiality, integrity and availability.
func impact(m map[string]string) string {
	c, i, a := impactsOf(m)
	if c == "H" && i == "H" && a == "H" {
		return "can take over the product"
	}
	var parts []string
	switch c {
	case "H":
		parts = append(parts, "read data that is protected")
	case "L":
		parts = append(parts, "read some data that is protected")
	}
	switch i {
	case "H":
		parts = append(parts, "change data")
	case "L":
		parts = append(parts, "change some data")
	}
	switch a {
	case "H":
		parts = append(parts, "stop the service")
	case "L":
		parts = append(parts, "disturb the service")
	}
	switch len(parts) {
	case 0:
		return ""
	case 1:
		return "can " + parts[0]
	}
	return "can " + strings.Join(parts[:len(parts)-1], ", ") + " and " + parts[len(parts)-1]
}

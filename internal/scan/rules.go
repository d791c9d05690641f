package scan

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/harrier-scan/harrier"
)

// rules names those of nets that meet the list, the first few of them.
func rules(list harrier.Targets, nets []netip.Prefix) string {
	const most = 5
	var met []string
	for _, p := range nets {
		one := harrier.Guard{Never: []netip.Prefix{p}}.Targets()
		if list.Subtract(one).Count() < list.Count() {
			met = append(met, p.String())
		}
	}
	if n := len(met); n > most {
		met = append(met[:most], fmt.Sprintf("and %d more", n-most))
	}
	return strings.Join(met, ", ")
}

package harrier

import (
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
)

// The numbers of vulnerabilities that content brings. That of a CVE id is made
// from the id, so that it is the same everywhere and can be read:
// CVE-2024-6387 is 1240006387. Others are spread over the numbers below.
const (
	firstFamily VulnID = 980_000       // to 980,999: checks that stand for the vulnerabilities of a family, by the family's number
	firstNamed  VulnID = 100_000_000   // to 999,999,999: vulnerabilities without a CVE id, by a hash of their name
	firstCVE    VulnID = 1_000_000_000 // to 1,999,999,999: 1, two digits of the year, seven of the number
)

// CVENumber is the number of a CVE id, in any case, of the years 1999 to 2098;
// false for anything else.
func CVENumber(id string) (VulnID, bool) {
	year, sequence, ok := cutCVE(id)
	if !ok || year < 1999 || year > 2098 {
		return 0, false
	}
	return firstCVE + VulnID(year%100)*10_000_000 + VulnID(sequence), true
}

// cutCVE parses "CVE-YEAR-NUMBER" with a number of four to seven digits.
func cutCVE(id string) (year, sequence int, ok bool) {
	if len(id) < len("CVE-2024-1234") || !strings.EqualFold(id[:4], "CVE-") || id[8] != '-' {
		return 0, 0, false
	}
	number := id[9:]
	if len(number) < 4 || len(number) > 7 || !digits(id[4:8]) || !digits(number) {
		return 0, 0, false
	}
	year, _ = strconv.Atoi(id[4:8])    // digits
	sequence, _ = strconv.Atoi(number) // digits
	return year, sequence, true
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// IsCVE reports whether id is a CVE id that has a number.
func IsCVE(id string) bool {
	_, ok := CVENumber(id)
	return ok
}

// ContentNumber is the number of a vulnerability that content brings, by its
// name: that of a CVE id, else one that follows from the name. Two names without
// a CVE id can share one; whoever gives numbers moves the second to the next.
func ContentNumber(name string) VulnID {
	if id, ok := CVENumber(name); ok {
		return id
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(strings.ToUpper(name))) // never fails
	return firstNamed + VulnID(h.Sum64()%uint64(firstCVE-firstNamed))
}

// OfContent reports whether id is in the numbers of vulnerabilities that
// content brings; the others belong to checks.
func (id VulnID) OfContent() bool { return id >= firstNamed }

// CVE returns the CVE id that a number was made from, or "".
func (id VulnID) CVE() string {
	if id < firstCVE || id >= 2*firstCVE {
		return ""
	}
	n := int(id - firstCVE)
	year := 2000 + n/10_000_000
	if year > 2098 {
		year -= 100
	}
	return fmt.Sprintf("CVE-%d-%04d", year, n%10_000_000)
}

// FamilyCheck is the number of the check that stands for all vulnerabilities
// that content knows of a family: there are too many to plan each.
func FamilyCheck(family int) VulnID { return firstFamily + VulnID(family) }

// StandsForFamily reports whether id is a FamilyCheck.
func (id VulnID) StandsForFamily() bool { return id >= firstFamily && id < firstFamily+1000 }

package content

import (
	"cmp"
	"slices"
	"strings"

	"github.com/harrier-scan/harrier"
)

// solutionsOf lists what mends a vulnerability: for each package of each release
// of a distribution, and each product, the versions that have the fix, from the
// source that is believed first about it.
//
// A release of a distribution goes on in one line: of several fixed versions the
// newest is the one to take, and it supersedes the others ("ID@version"). A
// product with several lines has one solution for each.
func solutionsOf(records []sourced) []harrier.Solution {
	var out []harrier.Solution
	claimed := map[string]string{} // by key, the source whose word it is
	for _, r := range records {
		if !r.Withdrawn.IsZero() {
			continue
		}
		for _, a := range r.Affected {
			if len(out) >= maxSolutions {
				return out
			}
			if !a.Status.Affects() || a.Maker != "" || a.Module != "" && a.Fixed == "" {
				continue
			}
			key := a.Key() + a.Module
			if len(a.Updates) > 0 && a.Package.Ecosystem == "windows" {
				if by, taken := claimed[key]; !taken || by == r.Source {
					claimed[key] = r.Source
					for _, u := range a.Updates[:min(len(a.Updates), maxSolutions-len(out))] {
						out = putSolution(out, updateSolution(u))
					}
				}
				continue
			}
			if by, taken := claimed[key]; taken && by != r.Source {
				continue
			}
			fixes := fixesOf(a)
			if len(fixes) > 0 {
				claimed[key] = r.Source
			}
			for _, fixed := range fixes {
				out = putSolution(out, solution(a, fixed, r))
			}
		}
	}
	return out
}

// fixesOf are the versions that mend what a speaks of.
func fixesOf(a harrier.Affected) []string {
	if a.Fixed != "" {
		return []string{a.Fixed}
	}
	var out []string
	for _, r := range a.Ranges {
		if r.Before != "" && !slices.Contains(out, r.Before) && len(out) < 8 {
			out = append(out, r.Before)
		}
	}
	if len(out) == 0 && kbNumber(a.Advisory) != "" {
		out = append(out, "")
	}
	return out
}

// kbNumber is the number of a Microsoft update, "KB5034441"; "" for any other
// advisory.
func kbNumber(advisory string) string {
	digits, ok := strings.CutPrefix(strings.ToUpper(advisory), "KB")
	if !ok || digits == "" || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	return "KB" + digits
}

func solution(a harrier.Affected, fixed string, r sourced) harrier.Solution {
	s := harrier.Solution{Fixed: fixed, Advisory: a.Advisory}
	switch {
	case a.Package.Ecosystem == "windows":
		s.ID, s.Type, s.Applies = cmp.Or(kbNumber(a.Advisory), "windows:"+a.Package.Name), "patch", "windows"
		s.Summary = "Install " + cmp.Or(kbNumber(a.Advisory), "the update for "+a.Package.Name) + "."
	case a.Package.Name != "":
		s.ID, s.Type, s.Applies = a.Package.Ecosystem+":"+a.Package.Name, "package", a.Package.Ecosystem
		s.Summary = "Update " + a.Package.Name + " to " + fixed + " or later" + onSystem(a.Package.Ecosystem) + "."
		if a.Module != "" {
			s.ID += "@" + a.Module
		}
	default:
		name := cpeName(a)
		_, rest, _ := strings.Cut(name, ":")
		s.ID, s.Type, s.Applies = rest, "upgrade", a.Key()
		s.Summary = "Upgrade " + thingOf(a) + " to " + fixed + " or later."
	}
	if s.Advisory == "" && len(r.CVEs) != 1 {
		s.Advisory = r.ID
	}
	return s
}

// updateSolution is what installing an update that its maker numbers does.
func updateSolution(u harrier.Update) harrier.Solution {
	s := harrier.Solution{ID: u.ID, Type: "patch", Fixed: u.Build, Advisory: u.ID, Applies: "windows", Supersedes: slices.Sorted(slices.Values(u.Supersedes))}
	s.Summary = "Install " + u.ID
	if u.Kind != "" {
		s.Summary += " (" + u.Kind + ")"
	}
	s.Summary += ", or an update that contains it."
	return s
}

// onSystem says in words where packages of an ecosystem are: " on debian 12".
func onSystem(ecosystem string) string {
	parts := strings.Split(ecosystem, "/")
	if len(parts) < 2 {
		return ""
	}
	name := map[string]string{
		"debian": "Debian", "ubuntu": "Ubuntu", "ubuntu-pro": "Ubuntu Pro", "redhat": "Red Hat Enterprise Linux", "alma": "AlmaLinux", "rocky": "Rocky Linux",
		"oracle": "Oracle Linux", "amazon": "Amazon Linux", "sles": "SUSE Linux Enterprise Server", "leap": "openSUSE Leap", "fedora": "Fedora",
		"alpine": "Alpine", "arch": "Arch Linux",
	}[parts[1]]
	return " on " + strings.TrimSpace(cmp.Or(name, parts[1])+" "+strings.Join(parts[2:], " "))
}

// putSolution adds s to the list, to what is there about the same thing.
func putSolution(list []harrier.Solution, s harrier.Solution) []harrier.Solution {
	i := slices.IndexFunc(list, func(o harrier.Solution) bool { return o.ID == s.ID && o.Type == s.Type })
	switch {
	case i < 0:
		return append(list, s)
	case s.Fixed == list[i].Fixed || s.Type == "patch":
		return list
	case s.Type == "upgrade" || !strings.Contains(s.Applies, "/"):
		s.ID += "@" + s.Fixed
		if slices.ContainsFunc(list, func(o harrier.Solution) bool { return o.ID == s.ID }) {
			return list
		}
		return append(list, s)
	}
	old := &list[i]
	if compare(s.Applies, old.Fixed, s.Fixed) < 0 {
		s.Supersedes = append(old.Supersedes, s.ID+"@"+old.Fixed)
		*old = s
	} else if gone := s.ID + "@" + s.Fixed; !slices.Contains(old.Supersedes, gone) {
		old.Supersedes = append(old.Supersedes, gone)
	}
	slices.Sort(old.Supersedes)
	old.Supersedes = slices.Compact(old.Supersedes)
	return list
}

// solutionText says in words what the first solutions are.
func solutionText(list []harrier.Solution) string {
	var lines []string
	for _, s := range list {
		if len(lines) == 12 {
			lines = append(lines, "Further systems are listed with the solutions.")
			break
		}
		lines = append(lines, s.Summary)
	}
	return strings.Join(lines, "\n")
}

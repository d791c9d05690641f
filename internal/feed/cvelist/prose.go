package cvelist

import (
	"strings"
)

// maxSpans bounds what one text lists.
const maxSpans = 200

// prose reads the version of an entry without upper end: one version, or what
// authorities write there instead of using the fields for it: ">= 1.0, < 1.2.3",
// "1.2.x", "1.2 and earlier", "before 1.2", "1.0 to 1.2", several with commas. It
// reports false for what it does not understand as a whole.
func prose(s string) ([]span, bool) {
	s = strings.TrimSpace(s)
	low := strings.ToLower(s)
	switch {
	case len(s) > 4096 || nothing[low] || low == "0": // 0 alone is a lower end whose upper was forgotten
		return nil, false
	case every[low]:
		return []span{{}}, true
	case strings.ContainsAny(s, "<>="):
		return comparisons(s)
	}
	var out []span
	for part := range strings.FieldsFuncSeq(s, func(r rune) bool { return r == ',' || r == ';' }) {
		sp, ok := phrase(part)
		if !ok || len(out) >= maxSpans {
			return nil, false
		}
		out = append(out, sp)
	}
	return out, len(out) > 0
}

// phrase reads one version, a branch, or a range in words.
func phrase(s string) (span, bool) {
	if v, ok := token(s); ok && strings.Contains(s, "(") {
		return one(v), true // "1.0.1.25(633)"
	}
	s = strings.Join(strings.Fields(strings.NewReplacer("(", " ", ")", " ", "–", "-").Replace(s)), " ")
	if b, ok := branch(s); ok {
		return wholeBranch(b)
	}
	if v, ok := token(s); ok {
		return one(v), true
	}
	if !ascii(s) {
		return span{}, false
	}
	low := strings.ToLower(s)
	for _, prefix := range []string{"all versions", "versions", "version"} {
		if rest, ok := strings.CutPrefix(low, prefix+" "); ok {
			low = rest
			break
		}
	}
	s = s[len(s)-len(low):]
	for _, f := range []struct {
		words string
		until bool
	}{{"before ", false}, {"prior to ", false}, {"earlier than ", false}, {"older than ", false}, {"lower than ", false}, {"below ", false}, {"up to and including ", true}, {"up to ", true}, {"through ", true}} {
		if strings.HasPrefix(low, f.words) {
			to, until, ok := end(s[len(f.words):], f.until)
			return span{to: to, until: until}, ok && to != ""
		}
	}
	if strings.HasPrefix(low, "from ") {
		low, s = low[5:], s[5:]
	}
	for _, between := range []struct {
		words string
		until bool
	}{{" to ", true}, {" through ", true}, {" - ", true}, {" up to ", true}, {" before ", false}} {
		if a, b, ok := cut(s, low, between.words); ok {
			from, after, ok1 := lower(a)
			to, until, ok2 := end(b, between.until)
			return span{from: from, after: after, to: to, until: until}, ok1 && ok2 && to != ""
		}
	}
	return open(s, low)
}

// open reads "1.2 and earlier", "1.2 or later", "1.2 all versions".
func open(s, low string) (span, bool) {
	for _, between := range []string{" and ", " or ", " "} {
		a, b, ok := cut(s, low, between)
		if !ok {
			continue
		}
		v, ok := token(a)
		b = strings.TrimPrefix(strings.ToLower(b), "all ")
		b, _, _ = strings.Cut(b, " ")
		if !ok {
			return span{}, false
		}
		switch b {
		case "earlier", "prior", "previous", "below", "older", "lower", "before", "under":
			return span{to: v, until: true}, true
		case "later", "newer", "above", "higher", "up", "upwards", "onwards":
			return span{from: v}, true
		case "all":
			return wholeBranch(v)
		}
		return span{}, false
	}
	return span{}, false
}

// wholeBranch is the whole branch of b.
func wholeBranch(b string) (span, bool) {
	to, ok := next(b)
	return span{from: b, to: to}, ok
}

// cut splits s where low, the same in lower case, has words.
func cut(s, low, words string) (before, after string, found bool) {
	i := strings.Index(low, words)
	if i < 0 || len(s) != len(low) {
		return "", "", false
	}
	return s[:i], s[i+len(words):], true
}

// comparisons reads ">= 1.0, < 1.2.3". Each lower end behind an upper one begins
// another range.
func comparisons(s string) ([]span, bool) {
	var out []span
	var now span
	lowered, uppered := false, false
	push := func() {
		if lowered || uppered {
			out = append(out, now)
		}
		now, lowered, uppered = span{}, false, false
	}
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimLeft(s, " ,") {
		if len(out) > maxSpans {
			return nil, false
		}
		n := len(s) - len(strings.TrimLeft(s, "<>="))
		op := s[:n]
		rest := strings.TrimLeft(s[n:], " ")
		size := strings.IndexAny(rest, " ,<>=")
		if size < 0 {
			size = len(rest)
		}
		v, ok := token(rest[:size])
		if !ok {
			return nil, false
		}
		s = rest[size:]
		switch op {
		case "=", "==":
			push()
			out = append(out, one(v))
		case ">", ">=":
			if uppered && !lowered && len(out) == 0 && strings.TrimLeft(s, " ,") == "" && compare(v, now.to) < 0 {
				now.from, now.after = v, op == ">" // "< 2.0, >= 1.0"
				lowered = true
				continue
			}
			if lowered && !uppered {
				return nil, false
			}
			push()
			now.from, now.after, lowered = v, op == ">", true
		case "<", "<=":
			if uppered {
				return nil, false
			}
			now.to, now.until, uppered = v, op == "<=", true
		default:
			return nil, false
		}
	}
	push()
	return out, len(out) > 0
}

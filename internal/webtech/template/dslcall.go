package template

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

	"github.com/harrier-scan/harrier/internal/webtech"
)

// iconText is the form of which an icon's hash is made, marked as such.
func iconText(v *view) icon { return icon{v} }

// icon stands for the body in the form of base64_py.
type icon struct{ v *view }

func (i icon) hash() string {
	if i.v.mmh3 == "" {
		i.v.mmh3 = strconv.Itoa(int(webtech.MMH3(webtech.Base64Lines([]byte(i.v.body)))))
	}
	return i.v.mmh3
}

// regexCall compiles the pattern once.
func regexCall(args []node) (node, error) {
	constant, ok := args[0](&view{})
	text, isText := constant.(string)
	if !ok || !isText {
		return nil, errors.New("has a pattern that is not constant")
	}
	pattern, err := webtech.Compile(text)
	if err != nil {
		return nil, errors.New("has a pattern that is not RE2")
	}
	return func(v *view) (any, bool) {
		value, ok := args[1](v)
		s, isText := value.(string)
		if !ok || !isText {
			return nil, false
		}
		return v.find(pattern, s) != nil, true
	}, nil
}

// function is one helper function.
type function struct {
	least, most int // arguments; most 0: any number
	do          func(v *view, args []any) (any, bool)
}

// text makes a function of texts.
func text(n int, f func(s []string) any) function {
	return function{max(n, 1), n, func(_ *view, args []any) (any, bool) {
		s := make([]string, len(args))
		for i, a := range args {
			switch a := a.(type) {
			case string:
				s[i] = a
			case float64:
				s[i] = strconv.FormatFloat(a, 'f', -1, 64)
			default:
				return nil, false
			}
		}
		return f(s), true
	}}
}

var functions = map[string]function{
	"regex":        {2, 2, nil},
	"contains":     text(2, func(s []string) any { return strings.Contains(s[0], s[1]) }),
	"contains_all": text(0, func(s []string) any { return count(s) == len(s)-1 }),
	"contains_any": text(0, func(s []string) any { return count(s) > 0 }),
	"starts_with":  text(0, func(s []string) any { return anyOf(s, strings.HasPrefix) }),
	"ends_with":    text(0, func(s []string) any { return anyOf(s, strings.HasSuffix) }),
	"to_lower":     text(1, func(s []string) any { return strings.ToLower(s[0]) }),
	"tolower":      text(1, func(s []string) any { return strings.ToLower(s[0]) }),
	"to_upper":     text(1, func(s []string) any { return strings.ToUpper(s[0]) }),
	"toupper":      text(1, func(s []string) any { return strings.ToUpper(s[0]) }),
	"trim_space":   text(1, func(s []string) any { return strings.TrimSpace(s[0]) }),
	"trim":         text(2, func(s []string) any { return strings.Trim(s[0], s[1]) }),
	"replace":      text(3, func(s []string) any { return strings.ReplaceAll(s[0], s[1], clipTo(s[2], 100)) }),
	"concat":       text(0, func(s []string) any { return strings.Join(s, "") }),
	"len":          text(1, func(s []string) any { return float64(len(s[0])) }),
	"md5":          text(1, func(s []string) any { h := md5.Sum([]byte(s[0])); return hex.EncodeToString(h[:]) }),
	"sha256":       text(1, func(s []string) any { h := sha256.Sum256([]byte(s[0])); return hex.EncodeToString(h[:]) }),
	"base64":       text(1, func(s []string) any { return base64.StdEncoding.EncodeToString([]byte(s[0])) }),
	"base64_py":    text(1, func(s []string) any { return string(webtech.Base64Lines([]byte(s[0]))) }),
	"mmh3": {1, 1, func(_ *view, args []any) (any, bool) {
		switch a := args[0].(type) {
		case icon:
			return a.hash(), true
		case string:
			return strconv.Itoa(int(webtech.MMH3([]byte(a)))), true
		}
		return nil, false
	}},
	"compare_versions": {2, 0, compareVersions},
}

func clipTo(s string, n int) string { return s[:min(len(s), n)] }

// count is how many of the later texts the first one has.
func count(s []string) int {
	n := 0
	for _, part := range s[1:] {
		if strings.Contains(s[0], part) {
			n++
		}
	}
	return n
}

func anyOf(s []string, f func(a, b string) bool) any {
	for _, part := range s[1:] {
		if f(s[0], part) {
			return true
		}
	}
	return false
}

// compareVersions reports whether a version is within all the limits, such as
// "< 1.2" and ">= 1.0". Versions that are not made of numbers alone are not
// compared.
func compareVersions(_ *view, args []any) (any, bool) {
	texts := make([]string, len(args))
	for i, a := range args {
		s, ok := a.(string)
		if !ok {
			return nil, false
		}
		texts[i] = strings.TrimSpace(s)
	}
	have, ok := numbers(texts[0])
	if !ok {
		return nil, false
	}
	for _, limit := range texts[1:] {
		for part := range strings.SplitSeq(limit, ",") {
			part = strings.TrimSpace(part)
			rest := strings.TrimLeft(part, "<>=!")
			want, ok := numbers(strings.TrimSpace(rest))
			if !ok {
				return nil, false
			}
			c := order(have, want)
			var within bool
			switch part[:len(part)-len(rest)] {
			case "<":
				within = c < 0
			case "<=":
				within = c <= 0
			case ">":
				within = c > 0
			case ">=":
				within = c >= 0
			case "", "=", "==":
				within = c == 0
			case "!=":
				within = c != 0
			default:
				return nil, false
			}
			if !within {
				return false, true
			}
		}
	}
	return true, true
}

func numbers(s string) ([]int, bool) {
	var out []int
	for part := range strings.SplitSeq(strings.TrimPrefix(s, "v"), ".") {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, false
		}
		out = append(out, n)
	}
	return out, true
}

func order(a, b []int) int {
	for i := range max(len(a), len(b)) {
		var x, y int
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return x - y
		}
	}
	return 0
}

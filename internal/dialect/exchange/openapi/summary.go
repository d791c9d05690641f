package openapi

import (
	"slices"
	"strings"
	"unicode"
)

// verbs are the last words of paths that name what is done rather than a thing.
var verbs = map[string]string{
	"launch": "Launches", "copy": "Copies", "pause": "Pauses", "resume": "Resumes", "stop": "Stops", "kill": "Ends at once", "share": "Shares",
	"import": "Imports", "export": "Exports", "download": "Downloads", "email": "Mails", "refresh": "Computes anew", "apply": "Applies",
	"execute": "Acts on", "send": "Sends", "publish": "Publishes", "upload": "Takes in", "clear": "Removes an uploaded", "update": "Fetches anew",
	"process": "Takes in", "purge": "Removes old entries of", "search": "Searches", "diff": "Compares", "generate": "Generates",
	"rescan": "Starts a new iteration of", "updateStatus": "Asks for the state of", "switch": "Changes the role of",
}

// summary tells in a sentence what one of the routes does: what special says,
// or what follows from method and path.
func summary(routes []string, special map[string]string, route string) string {
	if s, ok := special[route]; ok {
		return s
	}
	method, path, _ := strings.Cut(route, " ")
	var nouns []string
	verb, one := "", false
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for i, part := range parts {
		switch v, known := verbs[part]; {
		case wildcard.MatchString(part):
			one = true
		case known && i == len(parts)-1 && i > 0:
			verb = v
		default:
			nouns, one = append(nouns, words(part)), false
		}
	}
	if len(nouns) == 0 {
		return "Tells what is here."
	}
	thing := nouns[len(nouns)-1]
	whose := ""
	if len(nouns) > 1 {
		whose = " of " + article(singular(nouns[len(nouns)-2]))
	}
	single := article(singular(thing)) + whose
	many := slices.Contains(routes, "GET "+path+"/{id}") || strings.HasSuffix(thing, "s") && !strings.HasSuffix(thing, "status")
	switch {
	case verb != "":
		return verb + " " + single + "."
	case method == "GET" && (one || !many):
		return "Shows " + single + "."
	case method == "GET":
		return "Lists " + plural(thing) + whose + "."
	case method == "POST" && one:
		return "Acts on " + single + "."
	case method == "POST":
		return "Makes " + single + "."
	case method == "DELETE" && !one && many:
		return "Deletes several " + plural(thing) + whose + "."
	case method == "DELETE":
		return "Deletes " + single + "."
	}
	return "Changes " + single + "."
}

// words parts a name of a path into its words.
func words(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == '-' || r == '_':
			r = ' '
		case unicode.IsUpper(r) && i > 0 && !unicode.IsUpper(rune(s[i-1])):
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func singular(s string) string {
	switch {
	case strings.HasSuffix(s, "ies"):
		return strings.TrimSuffix(s, "ies") + "y"
	case strings.HasSuffix(s, "s") && !strings.HasSuffix(s, "ss") && !strings.HasSuffix(s, "us") && !strings.HasSuffix(s, "is"):
		return strings.TrimSuffix(s, "s")
	}
	return s
}

func plural(s string) string {
	switch {
	case strings.HasSuffix(s, "s") && !strings.HasSuffix(s, "us"):
		return s
	case strings.HasSuffix(s, "y") && !strings.HasSuffix(s, "ey"):
		return strings.TrimSuffix(s, "y") + "ies"
	}
	return s + "s"
}

func article(s string) string {
	if s != "" && strings.ContainsRune("aeiou", rune(s[0])) && !strings.HasPrefix(s, "user") {
		return "an " + s
	}
	return "a " + s
}

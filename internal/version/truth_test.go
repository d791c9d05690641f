package version

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/needs"
)

// Where the orders and their tools mean the same; version.go's orders tell where
// they do not.
var (
	ends   = regexp.MustCompile(`^(.*[0-9a-z]-)?[^-]*[0-9a-z]$`)
	strict = regexp.MustCompile(strings.NewReplacer("N", `(0|[1-9]\d*)`, "W", `[0-9]*[a-z-][0-9a-z-]*`).Replace(`^v?N\.N\.N(-(N|W)(\.(N|W))*)?(\+[0-9a-z-]+(\.[0-9a-z-]+)*)?$`))
	plain  = regexp.MustCompile(`^\d+(\.\d+)*([-.]?[a-z]+([-.]?\d+)?)?$`)
)

// TestAgainstTools holds the orders to the tools that define them, over pairs
// that look alike. Tools that are large are asked where they are and not missed
// elsewhere: the conformance tables hold without them.
func TestAgainstTools(t *testing.T) {
	dpkg := []string{"sh", "-c", `while read -r a b; do
if dpkg --compare-versions "$a" lt "$b"; then echo -1; elif dpkg --compare-versions "$a" eq "$b"; then echo 0; else echo 1; fi; done`}
	rpm := []string{"rpm", "--eval", `%{lua: for l in io.lines("/dev/stdin") do local a,b=l:match("^(%S+) (%S+)$") print(rpm.vercmp(a,b).."\n") end}`}
	alpm := python(`import ctypes
c = ctypes.CDLL("libalpm.so.13").alpm_pkg_vercmp
cmp = lambda a, b: c(a.encode(), b.encode())`)
	pypi := python(`try: from packaging.version import Version as V
except ImportError: from pip._vendor.packaging.version import Version as V
cmp = lambda a, b: (V(a) > V(b)) - (V(a) < V(b))`)
	ruby := []string{"ruby", "-rrubygems", "-ne", `a, b = $_.split; puts Gem::Version.new(a) <=> Gem::Version.new(b)`}
	const semver = "/usr/lib/node_modules/npm/node_modules/semver"
	node := []string{"node", "-e", `const s = require("` + semver + `")
for (const l of require("fs").readFileSync(0, "utf8").trim().split("\n")) { const [a, b] = l.split(" "); console.log(s.compare(a, b, true)) }`}
	const jar = "/usr/share/java/maven-artifact-3.x.jar"
	maven := []string{"sh", "-c", `while read -r a b; do echo "$a"; echo "$b"; done | xargs java -cp ` + jar + ` org.apache.maven.artifact.versioning.ComparableVersion |
awk '/^  /{n++; if (n%2) print ($2=="<") ? -1 : ($2==">") ? 1 : 0}'`}

	for _, c := range []struct {
		scheme   string
		pairs    int
		ask      []string
		with     string // a file that the tool needs; the test is left out without it
		pkg      string // the small Debian package that has the tool, needed where tests must not be left out
		only     func(s string) bool
		together func(a, b string) bool
	}{
		{scheme: Deb, pairs: 700, ask: dpkg, pkg: "dpkg", only: validDeb},
		{scheme: RPM, pairs: 3000, ask: rpm, pkg: "rpm", only: validRPM},
		{
			scheme: ALPM, pairs: 3000, ask: alpm, with: "/usr/lib/*/libalpm.so.13", only: func(s string) bool { return validRPM(s) && ends.MatchString(s) },
			together: func(a, b string) bool { return strings.Contains(a, "-") == strings.Contains(b, "-") },
		},
		{scheme: PyPI, pairs: 3000, ask: pypi, pkg: "python3-packaging", only: validPyPI},
		{scheme: Gem, pairs: 3000, ask: ruby, with: "/usr/bin/ruby", only: validGem},
		{scheme: Semver, pairs: 3000, ask: node, with: semver, only: strict.MatchString},
		{scheme: Maven, pairs: 1500, ask: maven, with: jar, only: plain.MatchString},
	} {
		t.Run(c.scheme, func(t *testing.T) {
			if c.pkg != "" {
				needs.Binary(t, c.ask[0], c.pkg)
			} else if found, _ := filepath.Glob(c.with); len(found) == 0 {
				t.Skipf("%s is not there", c.with)
			}
			var pairs [][2]string
			texts := randomVersions(c.scheme, 60*c.pairs)
			texts = filter(texts, c.only)
			for i := 0; i+1 < len(texts) && len(pairs) < c.pairs; i += 2 {
				if c.together == nil || c.together(texts[i], texts[i+1]) {
					pairs = append(pairs, [2]string{texts[i], texts[i+1]})
				}
			}
			if len(pairs) < c.pairs/2 {
				t.Fatalf("only %d pairs", len(pairs))
			}
			wrong := 0
			for i, want := range askTool(t, c.ask, pairs) {
				a, b := pairs[i][0], pairs[i][1]
				if got := Compare(c.scheme, a, b); fmt.Sprint(sign(got)) != want {
					if wrong++; wrong <= 15 {
						t.Errorf("Compare(%s, %q, %q) = %d; the tool says %s", c.scheme, a, b, got, want)
					}
				}
			}
			t.Logf("%d pairs, %d wrong", len(pairs), wrong)
		})
	}
}

// python makes a command that asks cmp, which setup defines, about each line.
func python(setup string) []string {
	return []string{"python3", "-c", setup + "\nimport sys\nfor l in sys.stdin: print(cmp(*l.split()))"}
}

func filter(texts []string, only func(string) bool) []string {
	kept := texts[:0]
	for _, s := range texts {
		if only(s) {
			kept = append(kept, s)
		}
	}
	return kept
}

func askTool(t *testing.T, command []string, pairs [][2]string) []string {
	t.Helper()
	var in, faults bytes.Buffer
	for _, p := range pairs {
		fmt.Fprintf(&in, "%s %s\n", p[0], p[1])
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdin, cmd.Stderr, cmd.Env = &in, &faults, append(os.Environ(), "LC_ALL=C")
	out, err := cmd.Output()
	answers := strings.Fields(string(out))
	if err != nil || len(answers) != len(pairs) {
		t.Fatalf("%s: %v, %d answers to %d pairs: %.300s", command[0], err, len(answers), len(pairs), faults.String())
	}
	return answers
}

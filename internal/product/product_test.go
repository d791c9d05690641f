package product

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	cpeName   = regexp.MustCompile(`^[aoh]:(?:[a-z0-9_.-]|\\.)+:(?:[a-z0-9_.-]|\\.)+$`)
	kinds     = []string{"deb", "rpm", "apk", "bitnami", "eol", "npm", "pypi", "maven", "golang", "gem", "composer", "nuget", "retire"}
	schemes   = []string{"dotted", "openssh", "bind", "semver", "network"}
	quoted    = regexp.MustCompile(`"([a-z0-9][a-z0-9.+/-]*)"`)
	familyRow = regexp.MustCompile(`Name: "([^"]+)"`)
)

// literals returns what pattern finds in the Go files of a folder beside this one.
func literals(t *testing.T, glob string, pattern *regexp.Regexp) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(glob)))
	if err != nil || len(files) == 0 {
		t.Fatalf("no file is %s: %v", glob, err)
	}
	found := map[string]bool{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range pattern.FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = true
		}
	}
	return found
}

// TestProducts looks at every product of the list: complete, in words that the
// rest of the house knows, and told apart from all others.
func TestProducts(t *testing.T) {
	families := literals(t, "vuln/families.go", familyRow)
	services := literals(t, "probe/*.go", quoted)
	owner := map[string]string{}
	once := func(p *Product, kind, value string) {
		key := kind + " " + value
		if other, ok := owner[key]; ok {
			t.Errorf("%s: %s belongs to %s", p.Name, key, other)
		}
		owner[key] = p.Name
	}
	for _, p := range All() {
		if p.Name == "" || p.What == "" || len(p.CPEs) == 0 || p.Group == "" || p.Parts < 1 || p.Parts > 6 {
			t.Errorf("%+v is not complete", p)
		}
		if !families[p.Family] {
			t.Errorf("%s: there is no family %q", p.Name, p.Family)
		}
		if !slices.Contains(schemes, p.Scheme) {
			t.Errorf("%s: there is no scheme %q", p.Name, p.Scheme)
		}
		if !strings.HasPrefix(p.Home, "https://") && !strings.HasPrefix(p.Home, "http://") || strings.ContainsAny(p.Home, " ,") {
			t.Errorf("%s: %q is no address", p.Name, p.Home)
		}
		once(p, "name", strings.ToLower(p.Name))
		once(p, "slug", p.Slug())
		for _, c := range p.CPEs {
			if !cpeName.MatchString(c) {
				t.Errorf("%s: %q is no CPE name", p.Name, c)
			}
			once(p, "cpe", c)
		}
		for _, n := range p.Names {
			if n != strings.ToLower(n) {
				t.Errorf("%s: the name %q is not lower case", p.Name, n)
			}
			once(p, "name", n)
		}
		for _, m := range p.Makers {
			if m != strings.ToLower(m) || !strings.Contains(m, "/") {
				t.Errorf("%s: %q is not \"vendor/product\" in lower case", p.Name, m)
			}
			once(p, "maker", m)
		}
		for _, k := range p.Packages {
			if !slices.Contains(kinds, k.Kind) || k.Name == "" || strings.Contains(k.Name, " ") {
				t.Errorf("%s: %v is no package", p.Name, k)
			}
			if k.Kind == "bitnami" {
				once(p, "bitnami", k.Name)
			}
		}
		for _, s := range p.Speaks {
			if !services[s] {
				t.Errorf("%s: no probe knows a service %q", p.Name, s)
			}
		}
	}
}

func TestLookups(t *testing.T) {
	tests := []struct {
		how  string
		got  *Product
		want string
	}{
		{"current CPE", ByCPE("a:f5:nginx"), "nginx"},
		{"CPE of a former maker", ByCPE("a:igor_sysoev:nginx"), "nginx"},
		{"CPE without part", ByCPE("openbsd:openssh"), "OpenSSH"},
		{"no CPE", ByCPE("a:nobody:nothing"), ""},
		{"formatted", ByFormatted(`cpe:2.3:a:apache:tomcat:9.0.1:*:*:*:*:*:*:*`), "Apache Tomcat"},
		{"formatted, cut short", ByFormatted(`cpe:2.3:a:apache:tomcat`), ""},
		{"no formatted string", ByFormatted(`cpe:/a:apache:tomcat:9`), ""},
		{"name", ByName("NGINX"), "nginx"},
		{"other name", ByName("Apache httpd"), "Apache HTTP Server"},
		{"no name", ByName(""), ""},
		{"maker", ByMaker("Apache Software Foundation/Apache HTTP Server"), "Apache HTTP Server"},
		{"no maker", ByMaker("n/a/n/a"), ""},
	}
	for _, tt := range tests {
		name := ""
		if tt.got != nil {
			name = tt.got.Name
		}
		if name != tt.want {
			t.Errorf("%s: %q, want %q", tt.how, name, tt.want)
		}
	}
	if list := ByPackage("deb", "apache2"); len(list) != 1 || list[0].Name != "Apache HTTP Server" {
		t.Errorf("deb apache2 is %v", list)
	}
	if list := Speaking("ssh"); len(list) < 2 || list[0].Name != "OpenSSH" {
		t.Errorf("ssh is spoken by %v", list)
	}
	if list := Speaking("no such service"); list != nil {
		t.Errorf("an unknown service is spoken by %v", list)
	}
	if p := ByName("nginx"); !slices.Equal(p.Package("bitnami"), []string{"nginx"}) || p.Slug() != "nginx" {
		t.Errorf("nginx is %v in Bitnami's packages, its slug %q", p.Package("bitnami"), p.Slug())
	}
}

func TestParseRefuses(t *testing.T) {
	for _, line := range []string{
		"Too | few:fields | of it",
		"One | a:b | two | dotted 3 | https://x/ | | | | too many",
		"No number | a:b | x | dotted | https://x/",
		"No package | a:b | x | dotted 3 | https://x/ | deb",
	} {
		if _, err := parse("test", "@ FTP | ftp\n\n# words\n"+line); err == nil || !strings.Contains(err.Error(), "test.txt:4:") {
			t.Errorf("%q gives %v; want an error of line 4", line, err)
		}
	}
}

func BenchmarkByCPE(b *testing.B) {
	for b.Loop() {
		if ByCPE("a:f5:nginx") == nil {
			b.Fatal("nginx is gone")
		}
	}
}

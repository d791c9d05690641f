package main

import (
	"net/netip"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/content/pack"
	"github.com/harrier-scan/harrier/internal/store"
)

// consoleOf makes the data folder of a console with smallBase in force and one
// asset.
func consoleOf(t *testing.T) (data string, asset harrier.ID) {
	t.Helper()
	data = t.TempDir()
	place := pack.In(data)
	key, err := place.Key()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := place.Adopt(smallBase(t), pack.Manifest{Version: "content-test", Publisher: "test"}, key, time.Now()); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), filepath.Join(data, "harrier.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	now := time.Now()
	a := harrier.Asset{Repository: harrier.DefaultRepository, UUID: harrier.NewUUID(now), Addr: netip.MustParseAddr("192.0.2.1"), FirstSeen: now, LastSeen: now}
	if err := db.InsertAsset(t.Context(), &a); err != nil {
		t.Fatal(err)
	}
	return data, a.ID
}

func TestMatchAsset(t *testing.T) {
	data, asset := consoleOf(t)
	take := func(text, want string) {
		t.Helper()
		code, out, errs := runMatch(t, "--packages", file(t, "packages", text), "--distro", "debian:12", "--data", data, "--asset", strconv.FormatInt(int64(asset), 10))
		if out = regexp.MustCompile(` +`).ReplaceAllString(out, " "); code != 0 || out != want {
			t.Fatalf("exit %d, %s\n%swant\n%s", code, errs, out, want)
		}
	}
	old, updated := "nginx\t1.22.1-9\nzlib1g\t1:1.2.13.dfsg-1\n", "nginx\t1.22.1-9+deb12u2\nzlib1g\t1:1.2.13.dfsg-1\n"
	where := " of debian 12 at asset " + strconv.FormatInt(int64(asset), 10) + ", 192.0.2.1: "
	take(old, strings.Join([]string{
		"opened CVE-2024-1001 critical nginx", "opened CVE-2024-1002 critical nginx", "opened CVE-2024-1003 medium nginx",
		"2 packages" + where + "3 opened, 0 closed, 3 open", "",
	}, "\n"))
	take(old, "2 packages"+where+"0 opened, 0 closed, 3 open\n")
	take(updated, strings.Join([]string{
		"closed CVE-2024-1001 critical nginx", "closed CVE-2024-1002 critical nginx",
		"2 packages" + where + "0 opened, 2 closed, 1 open", "",
	}, "\n"))
	list := file(t, "packages", old)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no such asset": {[]string{"--asset", "99", "--data", data}, "no asset 99"},
		"no console":    {[]string{"--asset", "1", "--data", filepath.Join(data, "none")}, "there is no database"},
		"with content":  {[]string{"--asset", "1", "--data", data, "--content", data}, "does not go together"},
	} {
		code, out, errs := runMatch(t, append([]string{"--packages", list, "--distro", "debian:12"}, c.args...)...)
		if code != 1 || !strings.Contains(errs, c.want) || out != "" {
			t.Errorf("%s: exit %d, %q, %q; want 1 and %q", name, code, out, errs, c.want)
		}
	}
}

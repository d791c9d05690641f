package main

import (
	"bytes"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

// TestAssetList lists assets by expressions, in an order.
func TestAssetList(t *testing.T) {
	data := t.TempDir()
	db, err := store.Open(t.Context(), filepath.Join(data, "harrier.db"))
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"web1.example", "db.example", "web2.example"} {
		a := harrier.Asset{
			Repository: harrier.DefaultRepository, Addr: netip.AddrFrom4([4]byte{192, 0, 2, byte(9 - i)}), FQDN: name,
			FirstSeen: time.Unix(1, 0), LastSeen: time.Unix(int64(i), 0),
		}
		if err := db.InsertAsset(t.Context(), &a); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.InsertAsset(t.Context(), &harrier.Asset{Repository: harrier.DefaultRepository, FQDN: "mail.example"}); err != nil { // a domain
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`\w+\.example`)
	for _, c := range []struct {
		args []string
		want string // names, or what the error says
		code int
	}{
		{nil, "mail.example web2.example db.example web1.example", 0},
		{[]string{"--where", "name STARTS WITH web"}, "web2.example web1.example", 0},
		{[]string{"--where", "ip = 192.0.2.8/31", "--sort=-host_name"}, "web1.example db.example", 0},
		{[]string{"--where", "colour = red"}, "Unknown field: colour at 0", 2},
		{[]string{"--sort", "colour"}, "colour", 2},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), append([]string{"asset", "list", "--data", data}, c.args...), &out, &errs)
		have := strings.Join(name.FindAllString(out.String(), -1), " ")
		if c.code != 0 {
			have = errs.String()
		}
		if strings.Contains(out.String(), "invalid") {
			t.Errorf("%v: %s", c.args, &out)
		}
		if (code == 0) != (c.code == 0) || c.code == 0 && have != c.want || !strings.Contains(have, c.want) {
			t.Errorf("%v: exit %d, %q; want %q", c.args, code, have, c.want)
		}
	}
}

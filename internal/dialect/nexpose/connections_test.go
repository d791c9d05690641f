package nexpose_test

import (
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
)

// TestConnections keeps discovery connections, seals their passwords, and shows
// them to nobody but those who run the console.
func TestConnections(t *testing.T) {
	c, _ := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	if text := admin.ok(`<DiscoveryConnectionListingRequest @/>`); strings.Contains(text, "Summary") {
		t.Errorf("connections = %s", text)
	}
	id := admin.value("id", `<DiscoveryConnectionCreateRequest @><DiscoveryConnection name="vc" address="vc.example" port="443" protocol="https" user-name="u" password="very-secret" type="VSPHERE" collectionmethod="SYSLOG" engine-id="1"/></DiscoveryConnectionCreateRequest>`)
	want := `id="` + id + `" name="vc" address="vc.example" port="443" protocol="HTTPS" user-name="u" connection-status="Not connected" engine-id="`
	if text := admin.ok(`<DiscoveryConnectionListingRequest @/>`); !strings.Contains(text, want) || strings.Contains(text, "very-secret") {
		t.Errorf("connections = %s; want %s", text, want)
	}
	room := c.Rooms.Connections
	kept, err := room.Connection(t.Context(), c.Admin, idNumber(t, id))
	if err != nil || kept.Sealed == nil || len(kept.Sealed) != 0 || kept.Kind != "VSPHERE" || kept.Engine == 0 {
		t.Errorf("connection = %+v, %v; want one with a hidden secret", kept, err)
	}
	admin.ok(`<DiscoveryConnectionUpdateRequest @><DiscoveryConnection id="` + id + `" name="vc 2" port="8443"/></DiscoveryConnectionUpdateRequest>`)
	if text := admin.ok(`<DiscoveryConnectionListingRequest @/>`); !strings.Contains(text, `name="vc 2" address="vc.example" port="8443" protocol="HTTPS" user-name="u"`) {
		t.Errorf("changed connections = %s", text)
	}
	if kept, err := room.Connection(t.Context(), c.Admin, idNumber(t, id)); err != nil || kept.Sealed == nil {
		t.Errorf("the password went with an update: %+v, %v", kept, err)
	}
	for _, bad := range []string{`name="" address="a"`, `name="VC 2" address="a"`, `name="n"`, `name="n" address="a" port="70000"`, `name="n" address="a" protocol="FTP"`, `name="n" address="a" type="X"`, `name="n" address="a" engine-id="99"`} {
		admin.fails(`<DiscoveryConnectionCreateRequest @><DiscoveryConnection ` + bad + `/></DiscoveryConnectionCreateRequest>`)
	}
	if text := admin.post("1.2", `<DiscoveryConnectionConnectRequest @ id="`+id+`"/>`); !strings.Contains(text, "can not connect") || !strings.Contains(text, `success="0"`) {
		t.Errorf("connect = %s", text)
	}

	// Only those who run the console know of them.
	user := harrier.User{Name: "sec", Role: harrier.Administrator}
	if err := c.Rooms.Identity.Create(t.Context(), c.Admin, &user, "correct-horse-9"); err != nil {
		t.Fatal(err)
	}
	other := signIn(t, c, "sec", "correct-horse-9")
	for _, denied := range []string{
		`<DiscoveryConnectionListingRequest @/>`, `<DiscoveryConnectionDeleteRequest @ id="` + id + `"/>`, `<DiscoveryConnectionConnectRequest @ id="` + id + `"/>`,
		`<DiscoveryConnectionCreateRequest @><DiscoveryConnection name="n" address="a"/></DiscoveryConnectionCreateRequest>`,
		`<DiscoveryConnectionUpdateRequest @><DiscoveryConnection id="` + id + `" name="n"/></DiscoveryConnectionUpdateRequest>`,
	} {
		other.fails(denied)
	}
	admin.ok(`<DiscoveryConnectionDeleteRequest @ id="` + id + `"/>`)
	for _, gone := range []string{`<DiscoveryConnectionDeleteRequest @ id="` + id + `"/>`, `<DiscoveryConnectionConnectRequest @ id="` + id + `"/>`, `<DiscoveryConnectionUpdateRequest @><DiscoveryConnection id="` + id + `" name="n"/></DiscoveryConnectionUpdateRequest>`} {
		admin.fails(gone)
	}
}

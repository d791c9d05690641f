package nexpose_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/needs"
)

// TestSchema checks answers of the extended API against the schema.
func TestSchema(t *testing.T) {
	xmllint := needs.Binary(t, "xmllint", "libxml2-utils")
	c, flaws := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	devices, _, err := c.Rooms.Assets.Assets(t.Context(), c.Admin, nil, asset.Page{})
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []string{
		fmt.Sprintf(`<LoginRequest sync-id="1" user-id=%q password=%q/>`, c.Name, c.Password), `<NoneRequest @/>`,
		fmt.Sprintf(`<TicketCreateRequest @><TicketCreate name="n" device-id="%d"><Vulnerabilities><Vulnerability id="%d"/></Vulnerabilities><Comments><Comment>do</Comment></Comments></TicketCreate></TicketCreateRequest>`, devices[0].ID, flaws[0]),
		`<TicketListingRequest @/>`, `<TicketDetailsRequest @><Ticket id="1"/></TicketDetailsRequest>`, `<TicketDeleteRequest @><Ticket id="1"/></TicketDeleteRequest>`,
		fmt.Sprintf(`<VulnerabilityExceptionCreateRequest @ vuln-id="%d" reason="Other" scope="Specific Instance of Specific Asset" device-id="%d" port-no="80"/>`, flaws[0], devices[0].ID),
		`<VulnerabilityExceptionUpdateExpirationDateRequest @ exception-id="1" expiration-date="2031-02-03"/>`,
		`<VulnerabilityExceptionListingRequest @/>`, `<VulnerabilityExceptionApproveRequest @ exception-id="1"/>`,
	} {
		text := admin.post("1.2", body)
		cmd := exec.CommandContext(t.Context(), xmllint, "--nonet", "--noout", "--schema", "../../../docs/schemas/nexpose-1.2.xsd", "-")
		cmd.Stdin = strings.NewReader(text)
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s\n%s", body, err, text, said)
		}
	}
}

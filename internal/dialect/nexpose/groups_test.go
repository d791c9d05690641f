package nexpose_test

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/asset"
	"github.com/harrier-scan/harrier/internal/dialect/exchange"
	"github.com/harrier-scan/harrier/internal/finding"
	"github.com/harrier-scan/harrier/internal/scan"
)

// client speaks to a console.
type client struct {
	t       *testing.T
	url     string
	session string
}

func signIn(t *testing.T, c *exchange.Console, name, password string) client {
	t.Helper()
	cl := client{t: t, url: c.URL}
	cl.session = cl.value("session-id", fmt.Sprintf(`<LoginRequest user-id=%q password=%q/>`, name, password))
	return cl
}

// post sends a request; "@" in it stands for the session.
func (c client) post(version, body string) string {
	c.t.Helper()
	body = strings.Replace(body, "@", fmt.Sprintf(`session-id=%q`, c.session), 1)
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, c.url+"/api/"+version+"/xml", strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(reply.Body)
	if err != nil || reply.StatusCode != http.StatusOK {
		c.t.Fatalf("%s: %d, %v", body, reply.StatusCode, err)
	}
	return string(text)
}

// ok sends a request that has to succeed.
func (c client) ok(body string) string {
	c.t.Helper()
	text := c.post("1.2", body)
	if !strings.Contains(text, ` success="1"`) {
		c.t.Fatalf("%s = %s; want success", body, text)
	}
	return text
}

func (c client) value(attr, body string) string {
	c.t.Helper()
	m := regexp.MustCompile(" " + attr + `="([^"]*)"`).FindStringSubmatch(c.ok(body))
	if m == nil {
		c.t.Fatalf("%s: no %s in the answer", body, attr)
	}
	return m[1]
}

func (c client) fails(body string) string {
	c.t.Helper()
	text := c.post("1.2", body)
	if !strings.Contains(text, `<Failure success="0"`) || !strings.Contains(text, "<Message>") {
		c.t.Errorf("%s = %s; want a failure", body, text)
	}
	return text
}

// lab is a console that knows three devices, 192.0.2.1 to 3, with two flaws
// each, from a scan of the site lab.
func lab(t *testing.T) (*exchange.Console, []harrier.VulnID) {
	t.Helper()
	c := exchange.Start(t, recorded(t))
	imported(t, c, "lab", 3)
	return c, flaws(t, c)
}

func flaws(t *testing.T, c *exchange.Console) (out []harrier.VulnID) {
	t.Helper()
	for _, v := range c.Rooms.Vulns.All(t.Context()) {
		if v.Severity == harrier.High && len(out) < 2 {
			out = append(out, v.ID)
		}
	}
	return out
}

// imported takes in a scan of a new site that saw the devices from 192.0.2.1 on.
func imported(t *testing.T, c *exchange.Console, name string, devices int) harrier.ID {
	t.Helper()
	at := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	hosts := func(yield func(scan.Imported, error) bool) {
		for i := range devices {
			addr := netip.AddrFrom4([4]byte{192, 0, 2, byte(i + 1)})
			h := scan.Imported{Host: harrier.Host{Name: addr.String(), Addr: addr, Alive: true, Started: at, Ended: at}}
			for k, id := range flaws(t, c) {
				h.Observations = append(h.Observations, harrier.Observation{
					Vulnerability: id, Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: uint16(80 + k)}, Evidence: "seen", Certainty: harrier.Certain, At: at,
				})
			}
			if !yield(h, nil) {
				return
			}
		}
	}
	site := harrier.Site{Name: name}
	if _, err := c.Rooms.Scans.Import(t.Context(), c.Admin, &site, harrier.Scan{Name: name, Started: at, Ended: at.Add(time.Minute)}, iter.Seq2[scan.Imported, error](hosts)); err != nil {
		t.Fatal(err)
	}
	return site.ID
}

// TestGroupsAreWhatUsersSee grants an asset group to a user, who sees its
// devices in every room, which all dialects read, and no others.
func TestGroupsAreWhatUsersSee(t *testing.T) {
	c, _ := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	devices, _, err := c.Rooms.Assets.Assets(t.Context(), c.Admin, nil, asset.Page{Sort: "address"})
	if err != nil || len(devices) != 3 {
		t.Fatalf("devices = %d, %v; want 3", len(devices), err)
	}
	group := admin.value("group-id", fmt.Sprintf(`<AssetGroupSaveRequest @><AssetGroup id="-1" name="web" description="d" riskscore="0"><Devices><device id="%d"/><device id='%d'/></Devices></AssetGroup></AssetGroupSaveRequest>`, devices[0].ID, devices[1].ID))
	other := admin.value("group-id", `<AssetGroupSaveRequest @><AssetGroup id="-1" name="none"><Devices/></AssetGroup></AssetGroupSaveRequest>`)
	text := admin.ok(`<AssetGroupConfigRequest @ group-id="` + group + `"/>`)
	if strings.Count(text, "<device ") != 2 || !strings.Contains(text, `address="192.0.2.1" riskfactor="1.0" riskscore="20.0"`) || !strings.Contains(text, `riskscore="40.0"`) {
		t.Errorf("group = %s; want two devices with scores", text)
	}
	if text := admin.ok(`<AssetGroupConfigRequest @ group-id="` + other + `"/>`); !strings.Contains(text, "<Devices/>") {
		t.Errorf("empty group = %s", text)
	}
	user := admin.value("id", `<UserSaveRequest @><UserConfig id="-1" name="member" fullname="M" password="correct-horse-9" role-name="user" authsrcid="2" enabled="True" allSites="False" allGroups="False"><Groups><group id="`+group+`"/></Groups></UserConfig></UserSaveRequest>`)
	text = admin.ok(`<UserConfigRequest @ id="` + user + `"/>`)
	if !strings.Contains(text, `allGroups="false"`) || !strings.Contains(text, `<group id="`+group+`"/>`) || !strings.Contains(text, `role-name="user"`) {
		t.Errorf("user = %s", text)
	}

	member := signIn(t, c, "member", "correct-horse-9")
	if text := member.ok(`<AssetGroupListingRequest @/>`); !strings.Contains(text, `name="web"`) || strings.Contains(text, `name="none"`) {
		t.Errorf("groups of the member = %s; want web alone", text)
	}
	by, err := c.Rooms.Identity.Session(t.Context(), member.session, "nexpose")
	if err != nil {
		t.Fatal(err)
	}
	sees := func(want int) {
		t.Helper()
		_, n, err := c.Rooms.Assets.Assets(t.Context(), by, nil, asset.Page{})
		_, m, errF := c.Rooms.Findings.Findings(t.Context(), by, nil, finding.Page{})
		if err != nil || errF != nil || n != want || m != 2*want {
			t.Errorf("the member sees %d assets, %d findings (%v, %v); want %d", n, m, err, errF, want)
		}
	}
	sees(2)
	member.fails(fmt.Sprintf(`<DeviceDeleteRequest @ device-id="%d"/>`, devices[0].ID))
	member.fails(`<AssetGroupConfigRequest @ group-id="` + other + `"/>`)

	// A device that is deleted is gone from the group, and a group that is deleted
	// from its users.
	admin.ok(fmt.Sprintf(`<DeviceDeleteRequest @ device-id="%d"/>`, devices[0].ID))
	admin.fails(fmt.Sprintf(`<DeviceDeleteRequest @ device-id="%d"/>`, devices[0].ID))
	sees(1)
	admin.ok(`<AssetGroupDeleteRequest @ group-id="` + group + `"/>`)
	admin.fails(`<AssetGroupConfigRequest @ group-id="` + group + `"/>`)
	by, err = c.Rooms.Identity.Session(t.Context(), member.session, "nexpose")
	if err != nil {
		t.Fatal(err)
	}
	sees(0)
}

// TestExceptionOfOneInstance names an instance by its key. A rule would accept all
// instances at a port, so that it is refused where there are others.
func TestExceptionOfOneInstance(t *testing.T) {
	c, flaws := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	flaw, _ := c.Rooms.Vulns.Lookup(flaws[0])
	_, text := admin.ask("POST", "/api/2.1/sites/1/assets", fmt.Sprintf(`[{"ip":"198.51.100.9","services":[
		{"name":"http","port":80,"protocol":"TCP","vulnerabilities":[{"vuln_id":%[1]q,"status":"vulnerable-exploited","key":"/a"}]},
		{"name":"http","port":81,"protocol":"TCP","vulnerabilities":[{"vuln_id":%[1]q,"status":"vulnerable-exploited","key":"/a"},{"vuln_id":%[1]q,"status":"vulnerable-exploited","key":"/b"}]}]}]`, flaw.Slug))
	var sent []struct {
		ID harrier.ID `json:"asset_id"`
	}
	if err := json.Unmarshal([]byte(text), &sent); err != nil || len(sent) != 1 {
		t.Fatalf("import = %s", text)
	}
	of := func(where string) string {
		return fmt.Sprintf(`<VulnerabilityExceptionCreateRequest @ vuln-id="%d" reason="False Positive" scope="Specific Instance of Specific Asset" device-id="%d" %s><comment>why</comment></VulnerabilityExceptionCreateRequest>`, flaws[0], sent[0].ID, where)
	}
	admin.value("exception-id", of(`port-no="80" vuln-key="/a"`))
	admin.value("exception-id", of(`port-no="81"`))
	for _, where := range []string{`port-no="81" vuln-key="/a"`, `vuln-key="/a"`, `port-no="80" vuln-key="/b"`} {
		if said := admin.fails(of(where)); !strings.Contains(said, "vuln-key") {
			t.Errorf("an exception of %s: %s; want a failure that names vuln-key", where, said)
		}
	}
}

// TestExceptionsNeedApproval submits an exception, which hides nothing until it
// is approved.
func TestExceptionsNeedApproval(t *testing.T) {
	c, flaws := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	devices, _, err := c.Rooms.Assets.Assets(t.Context(), c.Admin, nil, asset.Page{Sort: "address"})
	if err != nil {
		t.Fatal(err)
	}
	accepted := func() (n int) {
		list, _, err := c.Rooms.Findings.Judged(t.Context(), c.Admin, nil, finding.Page{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range list {
			if f.Accepted != 0 {
				n++
			}
		}
		return n
	}
	for _, tt := range []struct {
		scope string
		hides int
	}{
		{`scope="All Instances"`, 3},
		{fmt.Sprintf(`scope="All Instances on a Specific Asset" device-id="%d"`, devices[0].ID), 1},
		{fmt.Sprintf(`scope="Specific Instance of Specific Asset" device-id="%d" port-no="80"`, devices[0].ID), 1},
		{fmt.Sprintf(`scope="Specific Instance of Specific Asset" device-id="%d" port-no="9"`, devices[0].ID), 0},
		{`scope="All Instances in a Specific Site" site-id ="1"`, 3},
	} {
		id := admin.value("exception-id", fmt.Sprintf(`<VulnerabilityExceptionCreateRequest @ vuln-id="%d" reason="False Positive" %s><comment>why</comment></VulnerabilityExceptionCreateRequest>`, flaws[0], tt.scope))
		do := func(verb, more string) string {
			return fmt.Sprintf(`<VulnerabilityException%sRequest @ exception-id="%s" %s/>`, verb, id, more)
		}
		status := func(want string) {
			t.Helper()
			if text := admin.ok(`<VulnerabilityExceptionListingRequest @ time-duration="P1D" status="` + want + `"/>`); !strings.Contains(text, `exception-id="`+id+`"`) {
				t.Errorf("%s = %s", want, text)
			}
		}
		if n := accepted(); n != 0 {
			t.Errorf("%s: %d accepted before approval; want none", tt.scope, n)
		}
		status("Under Review")
		admin.ok(do("Recall", ""))
		admin.fails(do("Approve", ""))
		status("Deleted")
		admin.ok(do("Resubmit", `reason="Other"`))
		admin.ok(do("Reject", ""))
		status("Rejected")
		admin.fails(do("Recall", ""))
		admin.ok(do("Resubmit", ""))
		if n := admin.value("pendingVulnExceptionsCount", `<PendingVulnExceptionsCountRequest @/>`); n != "1" {
			t.Errorf("pending = %s; want 1", n)
		}
		admin.ok(do("Approve", ""))
		status("Approved")
		if n := accepted(); n != tt.hides {
			t.Errorf("%s: %d accepted; want %d", tt.scope, n, tt.hides)
		}
		admin.fails(do("UpdateExpirationDate", `expiration-date="soon"`))
		admin.ok(do("UpdateExpirationDate", `expiration-date="2001-02-03"`))
		if n := accepted(); n != 0 {
			t.Errorf("%s: %d accepted after it expired; want none", tt.scope, n)
		}
		admin.ok(do("Delete", ""))
		admin.fails(do("Delete", ""))
	}
}

// TestTickets writes, finds, shows and deletes a ticket.
func TestTickets(t *testing.T) {
	c, flaws := lab(t)
	admin := signIn(t, c, c.Name, c.Password)
	devices, _, err := c.Rooms.Assets.Assets(t.Context(), c.Admin, nil, asset.Page{})
	if err != nil {
		t.Fatal(err)
	}
	create := `<TicketCreateRequest @><TicketCreate name="mend" priority="high" device-id="%d" assigned-to="` + c.Name + `"><Vulnerabilities><Vulnerability id="%d"/></Vulnerabilities><Comments><Comment>do</Comment></Comments></TicketCreate></TicketCreateRequest>`
	admin.fails(fmt.Sprintf(create, 999, flaws[0]))
	admin.fails(fmt.Sprintf(create, devices[0].ID, 1))
	id := admin.value("id", fmt.Sprintf(create, devices[0].ID, flaws[0]))
	if text := admin.ok(`<TicketDetailsRequest @><Ticket id="` + id + `"/></TicketDetailsRequest>`); !strings.Contains(text, `<Event state="A">`) || !strings.Contains(text, "<Comment>do</Comment>") {
		t.Errorf("ticket = %s", text)
	}
	for filter, want := range map[string]bool{`type="priority" value="high"`: true, `type="priority" value="low"`: false, `type="other" value="x"`: true} {
		if text := admin.ok(`<TicketListingRequest @><Filter ` + filter + `/></TicketListingRequest>`); strings.Contains(text, `name="mend"`) != want {
			t.Errorf("%s = %s; want it: %v", filter, text, want)
		}
	}
	admin.ok(`<TicketDeleteRequest @><Ticket id="` + id + `"/></TicketDeleteRequest>`)
	admin.fails(`<TicketDeleteRequest @><Ticket id="` + id + `"/></TicketDeleteRequest>`)
}

// TestRoles makes a role and gives it to a user.
func TestRoles(t *testing.T) {
	c := exchange.Start(t, recorded(t))
	admin := signIn(t, c, c.Name, c.Password)
	role := `<Role name="scanner" full-name="S" scope="global"><Description>d</Description><GlobalPrivileges><CreateTickets enabled="1"/></GlobalPrivileges><SitePrivileges><ManualScans enabled="true"/></SitePrivileges></Role>`
	admin.ok("<RoleCreateRequest @>" + role + "</RoleCreateRequest>")
	admin.fails("<RoleCreateRequest @>" + role + "</RoleCreateRequest>")
	text := admin.ok(`<RoleDetailsRequest @><Role name="scanner" scope="global"/></RoleDetailsRequest>`)
	if !strings.Contains(text, `<ManualScans enabled="true"/>`) || !strings.Contains(text, `<CloseTickets enabled="false"/>`) || !strings.Contains(text, `<CreateTickets enabled="true"/>`) {
		t.Errorf("role = %s", text)
	}
	user := admin.value("id", `<UserSaveRequest @><UserConfig id="-1" name="own" fullname="" password="correct-horse-9" role-name="scanner" allSites="true" allGroups="true"/></UserSaveRequest>`)
	admin.fails(`<RoleDeleteRequest @><Role name="scanner" scope="global"/></RoleDeleteRequest>`)
	if word := admin.value("role-name", `<UserConfigRequest @ id="`+user+`"/>`); word != "scanner" {
		t.Errorf("role of the user = %s", word)
	}
	admin.ok(`<UserDeleteRequest @ id="` + user + `"/>`)
	admin.fails(`<UserDeleteRequest @ id="` + user + `"/>`)
	admin.fails(`<UserDeleteRequest @ id="` + fmt.Sprint(c.Admin.User) + `"/>`)
	admin.ok(`<RoleDeleteRequest @><Role name="scanner" scope="global"/></RoleDeleteRequest>`)
	admin.fails(`<RoleDeleteRequest @><Role name="user" scope="global"/></RoleDeleteRequest>`)
}

// TestBadInput sends requests without, with empty, wrong and unknown ids; none
// succeeds.
func TestBadInput(t *testing.T) {
	c := exchange.Start(t, recorded(t))
	admin := signIn(t, c, c.Name, c.Password)
	for _, q := range []string{
		"DeviceDelete device-id", "AssetGroupConfig group-id", "AssetGroupDelete group-id", "UserConfig id", "UserDelete id", "MultiTenantUserConfig user-id",
		"VulnerabilityExceptionApprove exception-id", "VulnerabilityExceptionReject exception-id", "VulnerabilityExceptionRecall exception-id",
		"VulnerabilityExceptionResubmit exception-id", "VulnerabilityExceptionDelete exception-id", "VulnerabilityExceptionUpdateComment exception-id",
		"VulnerabilityExceptionUpdateExpirationDate exception-id", "SiloConfig silo-id", "SiloProfileConfig silo-profile-id", "AssetGroupSave x", "UserSave x",
		"RoleCreate x", "RoleUpdate x", "RoleDelete x", "RoleDetails x", "TicketCreate x", "TicketDetails x", "TicketDelete x", "VulnerabilityExceptionCreate x",
		"ConsoleCommand x", "SendLog x", "Restart x", "SiloCreate x", "SiloUpdate x", "SiloDelete x", "SiloProfileCreate x", "SiloProfileUpdate x", "SiloProfileDelete x",
		"MultiTenantUserCreate x", "MultiTenantUserUpdate x", "MultiTenantUserDelete x", "DiscoveryConnectionCreate x", "DiscoveryConnectionConnect x",
	} {
		name, attr, _ := strings.Cut(q, " ")
		for _, v := range []string{"", attr + `=""`, attr + `="x"`, attr + `="999999"`, attr + `="99999999999999999999"`} {
			admin.fails("<" + name + "Request @ " + v + "/>")
		}
	}
	for _, body := range []string{
		`<AssetGroupSaveRequest @><AssetGroup id="-1"/></AssetGroupSaveRequest>`,
		`<AssetGroupSaveRequest @><AssetGroup id="-1" name="n"><Devices><device id="999"/></Devices></AssetGroup></AssetGroupSaveRequest>`,
		`<AssetGroupSaveRequest @><AssetGroup id="-1" name="n"><Users><user id="999"/></Users></AssetGroup></AssetGroupSaveRequest>`,
		`<UserSaveRequest @><UserConfig id="-1" name="n" password="short" role-name="user"/></UserSaveRequest>`,
		`<UserSaveRequest @><UserConfig id="-1" name="n" password="correct-horse-9" role-name="king"/></UserSaveRequest>`,
		`<UserSaveRequest @><UserConfig id="-1" name="n" password="correct-horse-9" role-name="user"><group id="999"/></UserConfig></UserSaveRequest>`,
		`<UserSaveRequest @><UserConfig id="-1" name="n" password="correct-horse-9" role-name="user"><site id="999"/></UserConfig></UserSaveRequest>`,
		`<UserSaveRequest @><UserConfig id="-1" name="n" password="correct-horse-9" role-name="user" allSites="perhaps"/></UserSaveRequest>`,
	} {
		admin.fails(body)
	}
	users, err := c.Rooms.Identity.Users(t.Context(), c.Admin)
	lists, errL := c.Rooms.AssetLists.All(t.Context(), c.Admin)
	if err != nil || errL != nil || len(users) != 1 || len(lists) != 0 {
		t.Errorf("%d users and %d lists were left (%v, %v)", len(users), len(lists), err, errL)
	}
	for _, name := range []string{"SiloListing", "SiloProfileListing", "MultiTenantUserListing", "DiscoveryConnectionListing", "SystemInformation", "UserListing", "UserAuthenticatorListing", "RoleListing", "TicketListing"} {
		admin.ok("<" + name + "Request @/>")
	}
	if text := admin.ok("<ConsoleCommandRequest @><Command>version engines</Command></ConsoleCommandRequest>"); !strings.Contains(text, "VERSION INFORMATION") {
		t.Errorf("version engines = %s", text)
	}
}

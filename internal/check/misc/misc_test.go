package misc

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
	"github.com/harrier-scan/harrier/internal/check/checktest"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func tcp(name string, port uint16) harrier.Service {
	return harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: port}, Name: name}
}

const (
	badRequest = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
	sshHello   = "SSH-2.0-OpenSSH_9.2p1\r\n"
)

func TestMQTTNoAuth(t *testing.T) {
	checktest.Play(t, MQTTNoAuth, tcp("mqtt", 1883),
		checktest.Case{Name: "vulnerable", Dial: wiretest.Answer("\x20\x02\x00\x00"), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: wiretest.Answer("\x20\x02\x00\x05"), Want: harrier.Absent},
		checktest.Case{Name: "busy", Dial: wiretest.Answer("\x20\x02\x00\x03"), Want: harrier.Unknown},
		checktest.Case{Name: "foreign", Dial: wiretest.Answer(badRequest), Want: harrier.Unknown},
	)
}

func TestMosquitto(t *testing.T) {
	for allow, want := range map[string]harrier.Verdict{"true": harrier.Present, "false": harrier.Absent} {
		port := checktest.Port(t)
		conf := checktest.Write(t, "conf", fmt.Sprintf("listener %d 127.0.0.1\nallow_anonymous %s\nuser root\n", port, allow))
		checktest.Daemon(t, port, "mosquitto", "-c", conf)
		checktest.Expect(t, MQTTNoAuth, checktest.At("mqtt", port, false), want)
	}
}

const natsInfo = `INFO {"version":"2.9.10","max_payload":1048576}` + "\r\n"

func TestNATSNoAuth(t *testing.T) {
	says := func(answer string) wiretest.Dialer {
		return wiretest.Script(wiretest.Step{Unasked: true, Say: natsInfo}, wiretest.Step{Say: answer})
	}
	checktest.Play(t, NATSNoAuth, tcp("nats", 4222),
		checktest.Case{Name: "vulnerable", Dial: says("PONG\r\n"), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: says("-ERR 'Authorization Violation'\r\n"), Want: harrier.Absent},
		checktest.Case{Name: "other error", Dial: says("-ERR 'Maximum Connections Exceeded'\r\n"), Want: harrier.Unknown},
		checktest.Case{Name: "foreign", Dial: wiretest.Banner(sshHello), Want: harrier.Unknown},
	)
}

func TestNATSServer(t *testing.T) {
	for token, want := range map[string]harrier.Verdict{"": harrier.Present, "geheim": harrier.Absent} {
		port := checktest.Port(t)
		args := []string{"-a", "127.0.0.1", "-p", fmt.Sprint(port)}
		if token != "" {
			args = append(args, "--auth", token)
		}
		checktest.Daemon(t, port, "nats-server", args...)
		checktest.Expect(t, NATSNoAuth, checktest.At("nats", port, false), want)
	}
}

func TestZooKeeperNoAuth(t *testing.T) {
	framed := func(b []byte) string { return string(append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)) }
	accepted := make([]byte, 4+4+8+4+16+1)
	list := func(code int32) string {
		b := binary.BigEndian.AppendUint32(nil, 1)
		b = binary.BigEndian.AppendUint64(b, 5)
		b = binary.BigEndian.AppendUint32(b, uint32(code))
		return framed(append(b, 0, 0, 0, 0))
	}
	says := func(answer string) wiretest.Dialer {
		return wiretest.Script(wiretest.Step{Say: framed(accepted)}, wiretest.Step{Say: answer}, wiretest.Step{Say: framed(make([]byte, 16))})
	}
	checktest.Play(t, ZooKeeperNoAuth, tcp("zookeeper", 2181),
		checktest.Case{Name: "vulnerable", Dial: says(list(0)), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: says(list(zkNoAuth)), Want: harrier.Absent},
		checktest.Case{Name: "other error", Dial: says(list(-101)), Want: harrier.Unknown},
		checktest.Case{Name: "foreign", Dial: wiretest.Answer(badRequest), Want: harrier.Unknown},
	)
}

// routes answers paths by texts; a text that begins with a number of three
// digits and a blank has that status.
func routes(byPath map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text, ok := byPath[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		status := http.StatusOK
		if code, rest, cut := strings.Cut(text, " "); cut && len(code) == 3 {
			if _, err := fmt.Sscanf(code, "%d", &status); err == nil {
				text = rest
			}
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text))
	}
}

func TestDockerNoAuth(t *testing.T) {
	const version = `{"Version":"24.0.7","ApiVersion":"1.43","MinAPIVersion":"1.12"}`
	for _, c := range []struct {
		replies map[string]string
		want    harrier.Verdict
	}{
		{map[string]string{"/version": version, "/containers/json": `[]`}, harrier.Present},
		{map[string]string{"/version": version, "/containers/json": `403 {"message":"authorization denied by plugin"}`}, harrier.Absent},
		{map[string]string{"/version": `401 {}`}, harrier.Absent},
		{map[string]string{"/version": `{"version":"1"}`}, harrier.Unknown},
		{nil, harrier.Unknown},
	} {
		checktest.Expect(t, DockerNoAuth, checktest.Web(t, false, routes(c.replies)), c.want)
	}
	checktest.Play(t, DockerNoAuth, tcp("http", 2375))
}

func TestConsulNoAuth(t *testing.T) {
	for _, c := range []struct {
		replies map[string]string
		want    harrier.Verdict
	}{
		{map[string]string{"/v1/agent/self": `{"Config":{"Datacenter":"dc1","NodeName":"a","Version":"1.16.0"}}`}, harrier.Present},
		{map[string]string{"/v1/agent/self": `403 Permission denied: token with AccessorID lacks permission`}, harrier.Absent},
		{nil, harrier.Unknown},
	} {
		checktest.Expect(t, ConsulNoAuth, checktest.Web(t, false, routes(c.replies)), c.want)
	}
	checktest.Play(t, ConsulNoAuth, tcp("http", 8500))
}

func TestEtcdNoAuth(t *testing.T) {
	const version = `{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}`
	for _, c := range []struct {
		replies map[string]string
		want    harrier.Verdict
	}{
		{map[string]string{"/version": version, "/v3/kv/range": `{"header":{"cluster_id":"1"},"count":"3"}`}, harrier.Present},
		{map[string]string{"/version": version, "/v3/kv/range": `400 {"error":"etcdserver: user name is empty","code":3}`}, harrier.Absent},
		{map[string]string{"/version": version}, harrier.Unknown},
		{nil, harrier.Unknown},
	} {
		checktest.Expect(t, EtcdNoAuth, checktest.Web(t, true, routes(c.replies)), c.want)
	}
	checktest.Play(t, EtcdNoAuth, tcp("http", 2379))
}

func TestEtcdServer(t *testing.T) {
	port := checktest.Port(t)
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	checktest.Daemon(t, port, "etcd", "--data-dir", t.TempDir()+"/d", "--listen-client-urls", url, "--advertise-client-urls", url,
		"--listen-peer-urls", fmt.Sprintf("http://127.0.0.1:%d", checktest.Port(t)))
	target := checktest.At("http", port, false)
	checktest.Expect(t, EtcdNoAuth, target, harrier.Present)
	for _, step := range [][2]string{
		{"/v3/auth/user/add", `{"name":"root","password":"geheim"}`},
		{"/v3/auth/role/add", `{"name":"root"}`},
		{"/v3/auth/user/grant", `{"user":"root","role":"root"}`},
		{"/v3/auth/enable", `{}`},
	} {
		r, err := target.HTTP(t.Context(), check.Request{Method: http.MethodPost, Path: step[0], Body: step[1]})
		if err != nil || r.Status != http.StatusOK {
			t.Fatalf("POST %s = %d %s, %v", step[0], r.Status, r.Body, err)
		}
	}
	checktest.Expect(t, EtcdNoAuth, target, harrier.Absent)
}

func TestRsyncModules(t *testing.T) {
	daemon := func(open string) wiretest.Dialer {
		return wiretest.Serve(func(c net.Conn) {
			buf := make([]byte, 1024)
			_, _ = c.Write([]byte("@RSYNCD: 31.0\n"))
			var heard string
			for !strings.Contains(heard, "#list") && !strings.Contains(heard, "files") {
				n, err := c.Read(buf)
				if err != nil {
					return
				}
				heard += string(buf[:n])
			}
			if strings.Contains(heard, "#list") {
				_, _ = c.Write([]byte("files          \tsome files\n@RSYNCD: EXIT\n"))
				return
			}
			_, _ = c.Write([]byte(open))
		})
	}
	checktest.Play(t, RsyncModules, tcp("rsync", 873),
		checktest.Case{Name: "vulnerable", Dial: daemon("welcome\n@RSYNCD: OK\n"), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: daemon("@RSYNCD: AUTHREQD abc\n"), Want: harrier.Absent},
		checktest.Case{Name: "other error", Dial: daemon("@ERROR: max connections reached\n"), Want: harrier.Unknown},
		checktest.Case{Name: "foreign", Dial: wiretest.Banner(sshHello), Want: harrier.Unknown},
	)
}

func TestRsyncDaemon(t *testing.T) {
	for auth, want := range map[string]harrier.Verdict{"": harrier.Present, "auth users = a\nsecrets file = /nowhere\n": harrier.Absent} {
		port := checktest.Port(t)
		conf := checktest.Write(t, "conf", "use chroot = no\n[files]\npath = /tmp\nread only = yes\n"+auth)
		checktest.Daemon(t, port, "rsync", "--daemon", "--no-detach", "--config="+conf, "--address=127.0.0.1", "--port="+fmt.Sprint(port))
		checktest.Expect(t, RsyncModules, checktest.At("rsync", port, false), want)
	}
}

// ldapSays answers the first search with a naming context and the second one
// with answer.
func ldapSays(answer []byte) wiretest.Dialer {
	attribute := check.BER(0x30, check.BER(4, []byte("namingContexts")), check.BER(0x31, check.BER(4, []byte("dc=example"))))
	first := append(check.BER(0x30, check.BERNumber(2, 1), check.BER(0x64, check.BER(4), check.BER(0x30, attribute))), ldapDone(1, 0)...)
	return wiretest.Script(wiretest.Step{Say: string(first)}, wiretest.Step{Say: string(answer)})
}

func ldapDone(id int, code byte) []byte {
	return check.BER(0x30, check.BERNumber(2, id), check.BER(0x65, check.BER(10, []byte{code}), check.BER(4), check.BER(4)))
}

func TestLDAPAnonymous(t *testing.T) {
	entry := check.BER(0x30, check.BERNumber(2, 2), check.BER(0x64, check.BER(4, []byte("ou=people,dc=example")), check.BER(0x30)))
	checktest.Play(t, LDAPAnonymous, tcp("ldap", 389),
		checktest.Case{Name: "vulnerable", Dial: ldapSays(append(entry, ldapDone(2, 4)...)), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: ldapSays(ldapDone(2, 50)), Want: harrier.Absent},
		checktest.Case{Name: "empty", Dial: ldapSays(ldapDone(2, 0)), Want: harrier.Absent},
		checktest.Case{Name: "busy", Dial: ldapSays(ldapDone(2, 51)), Want: harrier.Unknown},
		checktest.Case{Name: "foreign", Dial: wiretest.Answer(badRequest), Want: harrier.Unknown},
	)
}

func TestSlapd(t *testing.T) {
	for who, want := range map[string]harrier.Verdict{"by * read": harrier.Present, "by users read by anonymous auth": harrier.Absent} {
		port, dir := checktest.Port(t), t.TempDir()
		conf := checktest.Write(t, "slapd.conf", `include /etc/ldap/schema/core.schema
pidfile `+dir+`/pid
modulepath /usr/lib/ldap
moduleload back_mdb
access to dn.base="" by * read
database mdb
suffix "dc=example"
rootdn "cn=admin,dc=example"
directory `+dir+`
access to * `+who+"\n")
		ldif := checktest.Write(t, "ldif", "dn: dc=example\nobjectClass: dcObject\nobjectClass: organization\no: x\ndc: example\n\ndn: ou=people,dc=example\nobjectClass: organizationalUnit\nou: people\n")
		if out, err := exec.CommandContext(t.Context(), checktest.Path(t, "slapadd"), "-f", conf, "-l", ldif).CombinedOutput(); err != nil {
			t.Fatalf("slapadd: %v\n%s", err, out)
		}
		checktest.Daemon(t, port, "slapd", "-f", conf, "-h", fmt.Sprintf("ldap://127.0.0.1:%d", port), "-d", "0")
		checktest.Expect(t, LDAPAnonymous, checktest.At("ldap", port, false), want)
	}
}

func FuzzLDAPResponse(f *testing.F) {
	f.Add(ldapDone(1, 0))
	f.Add(check.BER(0x30, check.BERNumber(2, 1), check.BER(0x64, check.BER(4, []byte("dc=a")), check.BER(0x30))))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, message, _, ok := check.ReadBER(b)
		if !ok {
			return
		}
		var entries []ldapEntry
		var code int
		if done, err := ldapResponse(message, 1, &entries, &code); done && err != nil {
			t.Errorf("done with error %v", err)
		}
	})
}

func TestNTPMode6(t *testing.T) {
	service := harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: 123}, Name: "ntp"}
	clock := "\x24" + strings.Repeat("\x00", 47)
	checktest.Play(t, NTPMode6, service,
		checktest.Case{Name: "vulnerable", Dial: wiretest.Answer("\x16\x82\x00\x01\x06\x15\x00\x00\x00\x00\x00\x20version=\"ntpd 4.2.8p15\"\r\nx=1"), Want: harrier.Present},
		checktest.Case{Name: "refuses", Dial: wiretest.Answer("\x16\xc2\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00"), Want: harrier.Absent},
		checktest.Case{Name: "fixed", Dial: wiretest.Replies(map[string]string{"\x23": clock}), Want: harrier.Absent},
		checktest.Case{Name: "foreign", Dial: wiretest.Answer(badRequest), Want: harrier.Unknown},
	)
}

func TestTelnet(t *testing.T) {
	checktest.Play(t, Telnet, tcp("telnet", 23),
		checktest.Case{Name: "options", Dial: wiretest.Banner("\xff\xfd\x18\xff\xfd\x20"), Want: harrier.Present},
		checktest.Case{Name: "asks", Dial: wiretest.Banner("\r\nrouter login: "), Want: harrier.Present},
		checktest.Case{Name: "foreign", Dial: wiretest.Banner(sshHello), Want: harrier.Unknown},
	)
	inside := tcp("telnet", 992)
	if inside.TLS = true; Telnet.Applies(inside) {
		t.Error("Telnet applies to telnet inside TLS")
	}
}

package databases

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check/checktest"
	"github.com/harrier-scan/harrier/internal/needs"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func tcp(name string, port uint16) harrier.Service {
	return harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: port}, Name: name}
}

const badRequest = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"

func TestRedisNoAuth(t *testing.T) {
	checktest.Play(t, RedisNoAuth, tcp("redis", 6379),
		checktest.Case{Name: "vulnerable", Dial: wiretest.Answer("$40\r\n# Server\r\nredis_version:7.2.4\r\n"), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: wiretest.Answer("-NOAUTH Authentication required.\r\n"), Want: harrier.Absent},
		checktest.Case{Name: "protected mode", Dial: wiretest.Answer("-DENIED Redis is running in protected mode\r\n"), Want: harrier.Absent},
		checktest.Case{Name: "foreign", Dial: wiretest.Answer(badRequest), Want: harrier.Unknown},
	)
}

func TestRedisServer(t *testing.T) {
	for pass, want := range map[string]harrier.Verdict{"": harrier.Present, "geheim": harrier.Absent} {
		port := checktest.Port(t)
		checktest.Daemon(t, port, "redis-server", "--port", fmt.Sprint(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", pass)
		checktest.Expect(t, RedisNoAuth, checktest.At("redis", port, false), want)
	}
}

func TestMemcachedNoAuth(t *testing.T) {
	checktest.Play(t, MemcachedNoAuth, tcp("memcached", 11211),
		checktest.Case{Name: "vulnerable", Dial: wiretest.Answer("STAT pid 1\r\nSTAT uptime 5\r\n"), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: wiretest.Answer("CLIENT_ERROR unauthenticated\r\n"), Want: harrier.Absent},
		checktest.Case{Name: "foreign", Dial: wiretest.Answer(badRequest), Want: harrier.Unknown},
	)
}

func TestMemcachedServer(t *testing.T) {
	users := checktest.Write(t, "users", "a:b\n")
	for args, want := range map[string]harrier.Verdict{"": harrier.Present, users: harrier.Absent} {
		port := checktest.Port(t)
		line := []string{"-u", "root", "-l", "127.0.0.1", "-p", fmt.Sprint(port), "-U", "0"}
		if args != "" {
			line = append(line, "-Y", args)
		}
		checktest.Daemon(t, port, "memcached", line...)
		checktest.Expect(t, MemcachedNoAuth, checktest.At("memcached", port, false), want)
	}
}

// mongoReply is an answer to request 1 with the given fields.
func mongoReply(fields string) string {
	doc := binary.LittleEndian.AppendUint32(nil, uint32(len(fields)+5))
	doc = append(append(doc, fields...), 0)
	b := mongoMessage(doc)
	binary.LittleEndian.PutUint32(b[4:], 7)
	binary.LittleEndian.PutUint32(b[8:], 1)
	return string(b)
}

func TestMongoDBNoAuth(t *testing.T) {
	checktest.Play(t, MongoDBNoAuth, tcp("", 27017),
		checktest.Case{Name: "vulnerable", Dial: wiretest.Answer(mongoReply("\x04databases\x00\x05\x00\x00\x00\x00\x01ok\x00\x00\x00\x00\x00\x00\x00\xf0\x3f")), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: wiretest.Answer(mongoReply("\x01ok\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10code\x00\x0d\x00\x00\x00")), Want: harrier.Absent},
		checktest.Case{Name: "another error", Dial: wiretest.Answer(mongoReply("\x10code\x00\x3b\x00\x00\x00")), Want: harrier.Unknown},
		checktest.Case{Name: "foreign", Dial: wiretest.Answer(badRequest), Want: harrier.Unknown},
	)
}

func TestElasticsearchNoAuth(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		want   harrier.Verdict
	}{
		{200, `{"name":"a","cluster_name":"logs","version":{"number":"7.9.1","lucene_version":"8.6.2"},"tagline":"x"}`, harrier.Present},
		{401, `{"error":{"root_cause":[{"type":"security_exception"}]},"status":401}`, harrier.Absent},
		{200, `<html>hello</html>`, harrier.Unknown},
		{401, `<html>sign in</html>`, harrier.Unknown},
		{503, ``, harrier.Unknown},
	} {
		checktest.Expect(t, ElasticsearchNoAuth, checktest.Web(t, false, checktest.Status(c.status, c.body)), c.want)
	}
	checktest.Play(t, ElasticsearchNoAuth, tcp("http", 9200))
}

func TestCouchDBNoAuth(t *testing.T) {
	couch := func(status int, list string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/" {
				_, _ = w.Write([]byte(`{"couchdb":"Welcome","version":"3.3.2"}`))
				return
			}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(list))
		}
	}
	for _, c := range []struct {
		handler http.HandlerFunc
		want    harrier.Verdict
	}{
		{couch(200, `["_users","a"]`), harrier.Present},
		{couch(401, `{"error":"unauthorized","reason":"You are not a server admin."}`), harrier.Absent},
		{checktest.Status(401, `{"error":"unauthorized","reason":"Authentication required."}`), harrier.Absent},
		{checktest.Status(200, `hello`), harrier.Unknown},
	} {
		checktest.Expect(t, CouchDBNoAuth, checktest.Web(t, true, c.handler), c.want)
	}
	checktest.Play(t, CouchDBNoAuth, tcp("http", 5984))
}

// packet frames a MySQL packet.
func packet(seq byte, body string) string {
	return string([]byte{byte(len(body)), byte(len(body) >> 8), 0, seq}) + body
}

const greeting = "\x0a8.0.36\x00\x01\x00\x00\x00abcdefgh\x00\xff\xff\x2d\x02\x00\xff\xff\x15\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00abcdefghijkl\x00mysql_native_password\x00"

func TestMySQLRootEmpty(t *testing.T) {
	says := func(answers ...string) wiretest.Dialer {
		steps := []wiretest.Step{{Unasked: true, Say: packet(0, greeting)}}
		for i, a := range answers {
			steps = append(steps, wiretest.Step{Say: packet(byte(2*i+2), a)})
		}
		return wiretest.Script(steps...)
	}
	checktest.Play(t, MySQLRootEmpty, tcp("mysql", 3306),
		checktest.Case{Name: "vulnerable", Dial: says("\x00\x00\x00\x02\x00\x00\x00"), Want: harrier.Present},
		checktest.Case{Name: "vulnerable by another plugin", Dial: says("\xfecaching_sha2_password\x00abc\x00", "\x00\x00\x00\x02\x00\x00\x00"), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: says("\xff\x15\x04#28000Access denied for user 'root'"), Want: harrier.Absent},
		checktest.Case{Name: "host blocked", Dial: wiretest.Banner(packet(0, "\xff\x6a\x04Host is not allowed")), Want: harrier.Unknown},
		checktest.Case{Name: "foreign", Dial: wiretest.Banner("SSH-2.0-OpenSSH_9.2p1\r\n"), Want: harrier.Unknown},
	)
}

func TestMariaDBServer(t *testing.T) {
	install := needs.Binary(t, "mariadb-install-db", "mariadb-server")
	for _, c := range []struct {
		sql  string
		want harrier.Verdict
	}{
		{"SELECT 1;", harrier.Present},
		{"ALTER USER 'root'@'localhost' IDENTIFIED BY 'geheim';", harrier.Absent},
	} {
		dir, port := t.TempDir(), checktest.Port(t)
		data := filepath.Join(dir, "data")
		made := exec.CommandContext(t.Context(), install, "--no-defaults", "--user=root", "--datadir="+data, "--auth-root-authentication-method=normal", "--skip-test-db")
		if out, err := made.CombinedOutput(); err != nil {
			t.Fatalf("mariadb-install-db: %v\n%s", err, out)
		}
		first := filepath.Join(dir, "init.sql")
		if err := os.WriteFile(first, []byte(c.sql+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		checktest.Daemon(t, port, "mariadbd", "--no-defaults", "--user=root", "--datadir="+data, "--socket="+filepath.Join(dir, "s"),
			"--pid-file="+filepath.Join(dir, "pid"), "--bind-address=127.0.0.1", "--port="+fmt.Sprint(port), "--init-file="+first)
		checktest.Expect(t, MySQLRootEmpty, checktest.At("mysql", port, false), c.want)
	}
}

func TestPostgreSQLTrust(t *testing.T) {
	checktest.Play(t, PostgreSQLTrust, tcp("postgresql", 5432),
		checktest.Case{Name: "vulnerable", Dial: wiretest.Answer("R\x00\x00\x00\x08\x00\x00\x00\x00"), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: wiretest.Answer("R\x00\x00\x00\x17\x00\x00\x00\x0aSCRAM-SHA-256\x00\x00"), Want: harrier.Absent},
		checktest.Case{Name: "no entry", Dial: pgError("28000"), Want: harrier.Absent},
		checktest.Case{Name: "starting", Dial: pgError("57P03"), Want: harrier.Unknown},
		checktest.Case{Name: "foreign", Dial: wiretest.Answer(badRequest), Want: harrier.Unknown},
	)
}

func pgError(code string) wiretest.Dialer {
	body := "SFATAL\x00C" + code + "\x00Msomething\x00\x00"
	return wiretest.Answer("E" + string(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4))) + body)
}

func TestPostgreSQLServer(t *testing.T) {
	const nobody = 65534
	for method, want := range map[string]harrier.Verdict{"trust": harrier.Present, "scram-sha-256": harrier.Absent} {
		dir, port := pgFolder(t), checktest.Port(t)
		data, password := filepath.Join(dir, "data"), filepath.Join(dir, "password")
		if err := os.WriteFile(password, []byte("geheim\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		initdb := exec.CommandContext(t.Context(), checktest.Path(t, "initdb"), "-D", data, "-U", "postgres", "-A", method, "--pwfile="+password, "-N")
		asNobody(initdb, nobody)
		if out, err := initdb.CombinedOutput(); err != nil {
			t.Fatalf("initdb: %v\n%s", err, out)
		}
		checktest.DaemonAs(t, nobody, port, "postgres", "-D", data, "-p", fmt.Sprint(port), "-h", "127.0.0.1", "-k", "", "-F")
		awaitPostgreSQL(t, port)
		checktest.Expect(t, PostgreSQLTrust, checktest.At("postgresql", port, false), want)
	}
}

// awaitPostgreSQL returns when a server that listens takes sign-ins: until then
// it says that it is starting up.
func awaitPostgreSQL(t *testing.T, port uint16) {
	t.Helper()
	startup := []byte("\x00\x00\x00\x17\x00\x03\x00\x00user\x00postgres\x00\x00")
	for range 200 {
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			t.Fatal(err)
		}
		reply := make([]byte, 256)
		_, err = c.Write(startup)
		if err == nil {
			var n int
			n, err = c.Read(reply)
			reply = reply[:n]
		}
		_ = c.Close()
		if err == nil && !bytes.Contains(reply, []byte("C57P03")) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("the server does not come up")
}

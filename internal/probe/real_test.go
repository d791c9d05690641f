package probe_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	harrier "github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/stage/identify"
)

// daemon is a server of a Debian package and what must be found out about it.
type daemon struct {
	pkg    string // whose version the server has
	binary string
	args   string // blanks separate; {D} is its own folder, {P} {Q} {R} are its ports
	config string // written to {D}/config
	user   string // who runs it when the test runs as root
	before string // a shell command that prepares the folder
	after  string // a shell command once it listens
	want   []wanted
}

// wanted is what must be told of one port.
type wanted struct {
	port    string // "P", "Q" or "R"
	proto   harrier.Protocol
	name    string
	tls     bool
	product string
	version bool // the wire tells the package's version; otherwise none may be told
}

func tcp(name, product string, version bool) []wanted {
	return []wanted{{"P", harrier.TCP, name, false, product, version}}
}

var daemons = []daemon{
	{
		pkg: "nginx", binary: "nginx", args: "-c {D}/config", config: `daemon off; pid {D}/pid; error_log {D}/err; events {}
http { access_log off; client_body_temp_path {D}/b; proxy_temp_path {D}/p; fastcgi_temp_path {D}/f; uwsgi_temp_path {D}/u; scgi_temp_path {D}/s;
server { listen 127.0.0.1:{P}; root {D}; } server { listen 127.0.0.1:{Q} ssl; ssl_certificate {D}/cert.pem; ssl_certificate_key {D}/key.pem; root {D}; } }`,
		want: []wanted{{"P", harrier.TCP, "http", false, "nginx", true}, {"Q", harrier.TCP, "http", true, "nginx", true}},
	},
	{
		pkg: "apache2-bin", binary: "apache2", args: "-D FOREGROUND -f {D}/config", config: `ServerRoot {D}
PidFile {D}/pid
ServerName target.test
ErrorLog {D}/err
Mutex file:{D} default
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
User www-data
Group www-data
Listen 127.0.0.1:{P}
DocumentRoot {D}`, want: tcp("http", "Apache httpd", true),
	},
	{
		pkg: "lighttpd", binary: "lighttpd", args: "-D -f {D}/config", config: `server.document-root="{D}"
server.bind="127.0.0.1"
server.port={P}`, want: tcp("http", "lighttpd", true),
	},
	{pkg: "redis-server", binary: "redis-server", args: "{D}/config", config: `bind 127.0.0.1
port {P}
tls-port {Q}
tls-cert-file {D}/cert.pem
tls-key-file {D}/key.pem
tls-auth-clients no
save ""
dir {D}`, want: []wanted{{"P", harrier.TCP, "redis", false, "Redis", true}, {"Q", harrier.TCP, "redis", true, "Redis", true}}},
	{pkg: "memcached", binary: "memcached", args: "-u nobody -l 127.0.0.1 -p {P} -U {P}", want: []wanted{
		{"P", harrier.TCP, "memcached", false, "Memcached", true},
	}},
	{pkg: "mosquitto", binary: "mosquitto", args: "-c {D}/config", config: "listener {P} 127.0.0.1\nallow_anonymous true\nuser root\n", want: tcp("mqtt", "Mosquitto", true)},
	{
		pkg: "openssh-server", binary: "/usr/sbin/sshd", args: "-D -e -f /dev/null -h {D}/hostkey -o ListenAddress=127.0.0.1:{P} -o PidFile=none -o UsePAM=no",
		before: "ssh-keygen -q -t ed25519 -N '' -f {D}/hostkey; mkdir -p /run/sshd", want: tcp("ssh", "OpenSSH", true),
	},
	{
		pkg: "postgresql-15", binary: "/usr/lib/postgresql/15/bin/postgres", user: "postgres", args: "-D {D}/data -h 127.0.0.1 -p {P} -k {D}",
		before: "/usr/lib/postgresql/15/bin/initdb -D {D}/data -A scram-sha-256 -N --pwfile=/dev/stdin <<< secret", want: tcp("postgresql", "PostgreSQL", false),
	},
	{
		pkg: "mariadb-server", binary: "/usr/sbin/mariadbd", user: "mysql", args: "--no-defaults --datadir={D}/data --bind-address=127.0.0.1 --port={P} --socket={D}/s --pid-file={D}/pid",
		before: "mariadb-install-db --no-defaults --datadir={D}/data --skip-test-db --auth-root-authentication-method=normal", want: tcp("mysql", "MariaDB", true),
		after: `mariadb --no-defaults -u root -S {D}/s -e "create user harrier@'%' identified by 'x'"`,
	},
	{pkg: "vsftpd", binary: "/usr/sbin/vsftpd", args: "{D}/config", before: "mkdir {D}/empty", config: `listen=YES
listen_ipv6=NO
listen_address=127.0.0.1
listen_port={P}
anonymous_enable=YES
secure_chroot_dir={D}/empty
background=NO
seccomp_sandbox=NO
`, want: tcp("ftp", "vsftpd", true)},
	{pkg: "rsync", binary: "rsync", args: "--daemon --no-detach --config={D}/config --port={P} --address=127.0.0.1", config: "use chroot=no\n[pub]\n path={D}\n", want: tcp("rsync", "rsync", false)},
	{pkg: "slapd", binary: "/usr/sbin/slapd", args: "-d 0 -h ldap://127.0.0.1:{P} -f {D}/config", before: "mkdir {D}/db", config: `include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {D}/pid
database mdb
suffix "dc=bench"
directory {D}/db
`, want: tcp("ldap", "OpenLDAP", false)},
	{
		pkg: "snmpd", binary: "/usr/sbin/snmpd", args: "-f -Lf {D}/log -C -c {D}/config -p {D}/pid", config: "agentaddress udp:127.0.0.1:{P}\nrocommunity public 127.0.0.1\n",
		want: []wanted{{"P", harrier.UDP, "snmp", false, "net-snmp", false}},
	},
	{pkg: "bind9", binary: "/usr/sbin/named", args: "-g -c {D}/config", config: `options { directory "{D}"; listen-on port {P} { 127.0.0.1; }; listen-on-v6 { none; }; recursion no; pid-file none; session-keyfile none; dnssec-validation no; };
controls { };`, want: []wanted{{"P", harrier.TCP, "dns", false, "ISC BIND", true}, {"P", harrier.UDP, "dns", false, "ISC BIND", true}}},
	{pkg: "dovecot-imapd", binary: "/usr/sbin/dovecot", args: "-F -c {D}/config", config: `protocols = imap pop3
listen = 127.0.0.1
base_dir={D}/run
state_dir={D}/state
log_path={D}/log
ssl=yes
ssl_cert=<{D}/cert.pem
ssl_key=<{D}/key.pem
mail_location=maildir:/tmp/none
service imap-login {
  inet_listener imap {
    port = {P}
  }
  inet_listener imaps {
    port = {Q}
    ssl = yes
  }
}
service pop3-login {
  inet_listener pop3 {
    port = {R}
  }
  inet_listener pop3s {
    port = 0
  }
}
passdb {
  driver=static
  args=nopassword=n
}
userdb {
  driver=static
  args=uid=nobody gid=nogroup home=/tmp
}
`, want: []wanted{
		{"P", harrier.TCP, "imap", false, "Dovecot imapd", false}, {"Q", harrier.TCP, "imap", true, "Dovecot imapd", false}, {"R", harrier.TCP, "pop3", false, "Dovecot pop3d", false},
	}},
	{pkg: "samba", binary: "/usr/sbin/smbd", args: "-F --no-process-group -s {D}/config", before: "mkdir {D}/p {D}/l {D}/c {D}/s {D}/n", config: `[global]
 interfaces=127.0.0.1/32
 smb ports = {P}
 private dir={D}/p
 lock directory={D}/l
 cache directory={D}/c
 state directory={D}/s
 pid directory={D}/p
 ncalrpc dir={D}/n
 log file={D}/log
 server role=standalone server
 map to guest=Bad User
 disable netbios=yes
`, want: tcp("smb", "Samba smbd", false)},
	{pkg: "nats-server", binary: "nats-server", args: "-a 127.0.0.1 -p {P}", want: tcp("nats", "NATS", true)},
	{
		pkg: "etcd-server", binary: "etcd", args: "--data-dir {D}/data --listen-client-urls http://127.0.0.1:{P} --advertise-client-urls http://127.0.0.1:{P} --listen-peer-urls http://127.0.0.1:{Q} --initial-advertise-peer-urls http://127.0.0.1:{Q} --initial-cluster default=http://127.0.0.1:{Q}",
		want: tcp("http", "etcd", true),
	},
	{pkg: "rabbitmq-server", binary: "/usr/lib/rabbitmq/bin/rabbitmq-server", user: "rabbitmq", args: "", config: "listeners.tcp.1 = 127.0.0.1:{P}\ndistribution.listener.port_range.min = {Q}\ndistribution.listener.port_range.max = {Q}\n", want: []wanted{
		{"P", harrier.TCP, "amqp", false, "RabbitMQ", true}, {"R", harrier.TCP, "epmd", false, "Erlang Port Mapper Daemon", false},
	}},
	{pkg: "tigervnc-standalone-server", binary: "Xtigervnc", args: ":{X} -rfbport {P} -interface 127.0.0.1 -SecurityTypes None -ac -nolisten tcp -geometry 320x240", want: tcp("vnc", "", false)},
	{
		pkg: "exim4-daemon-light", binary: "/usr/sbin/exim4", args: "-bdf -C {D}/config", before: "mkdir {D}/spool; chown -R Debian-exim {D}/spool", config: `primary_hostname=target.test
spool_directory={D}/spool
log_file_path={D}/spool/%slog
exim_user=Debian-exim
exim_group=Debian-exim
local_interfaces=<; 127.0.0.1.{P}
domainlist d=
acl_smtp_rcpt=deny
begin acl
begin routers
begin transports
`, want: tcp("smtp", "Exim smtpd", true),
	},
	{pkg: "squid", binary: "/usr/sbin/squid", args: "-N -f {D}/config", before: "chown proxy {D}", config: `http_port 127.0.0.1:{P}
pid_filename {D}/pid
cache_log {D}/cache.log
access_log none
coredump_dir {D}
http_access deny all
visible_hostname target.test
icp_port 0
snmp_port 0
htcp_port 0
netdb_filename none
pinger_enable off
`, want: tcp("http-proxy", "Squid", true)},
	{pkg: "tinyproxy-bin", binary: "tinyproxy", args: "-d -c {D}/config", config: "Port {P}\nListen 127.0.0.1\nUser nobody\nTimeout 60\nAllow 10.78.0.0/24\n", want: tcp("http-proxy", "tinyproxy", true)},
	{pkg: "haproxy", binary: "/usr/sbin/haproxy", args: "-db -f {D}/config", config: `global
 maxconn 50
defaults
 mode http
 timeout client 10s
 timeout server 10s
 timeout connect 5s
frontend f
 bind 127.0.0.1:{P}
 stats enable
 stats uri /stats
`, want: tcp("http", "HAProxy", true)},
}

// running is a daemon that was started.
type running struct {
	daemon
	fill  *strings.Replacer
	ports map[string]uint16
}

// TestRealServices identifies servers from Debian packages, each started with
// its own data on a free port, which never is its usual one.
func TestRealServices(t *testing.T) {
	if testing.Short() {
		t.Skip("starts two dozen servers")
	}
	base := t.TempDir()
	if err := os.Chmod(filepath.Dir(base), 0o755); err != nil { // servers with users of their own get there
		t.Fatal(err)
	}
	open := map[string]string{} // endpoint to the daemon's package
	started := make([]*running, len(daemons))
	done := make(chan struct{})
	slots := make(chan struct{}, 4)
	for i, d := range daemons {
		if only := os.Getenv("HARRIER_TEST_DAEMON"); only != "" && !strings.Contains(only, d.pkg) {
			d.binary = "left out by HARRIER_TEST_DAEMON"
		}
		go func() {
			slots <- struct{}{}
			started[i] = start(t, base, i, d)
			<-slots
			done <- struct{}{}
		}()
	}
	for range daemons {
		<-done
	}
	var endpoints []harrier.Endpoint
	for _, r := range started {
		if r == nil {
			continue
		}
		for _, w := range r.want {
			e := harrier.Endpoint{Protocol: w.proto, Port: r.ports[w.port]}
			endpoints = append(endpoints, e)
			open[e.String()] = r.pkg
		}
	}
	got := map[harrier.Endpoint]harrier.Service{}
	took := map[harrier.Endpoint]time.Duration{}
	began := time.Now()
	host := harrier.Host{Name: "127.0.0.1", Addr: netip.MustParseAddr("127.0.0.1"), RTT: 100}
	host, err := identify.Host(t.Context(), host, endpoints, identify.Options{}, func(s harrier.Service) {
		got[s.Endpoint], took[s.Endpoint] = s, time.Since(began)
	})
	if err != nil {
		t.Fatalf("Host = %v", err)
	}
	if debug := os.Getenv("HARRIER_TEST_DAEMON"); debug != "" {
		for e, s := range got {
			t.Logf("%s %q %v", e, s.Banner, s.Facts)
		}
	}
	wall := time.Since(began)
	names, products, versions, reachable := 0, 0, 0, 0
	for _, r := range started {
		if r == nil {
			continue
		}
		upstream := packageVersion(t, r.pkg)
		for _, w := range r.want {
			e := harrier.Endpoint{Protocol: w.proto, Port: r.ports[w.port]}
			s := got[e]
			t.Logf("%-16s %-5.2fs %s tls=%v %q %q %s cpe=%s", r.pkg, took[e].Seconds(), s.Name, s.TLS, s.Product, s.Version, s.Evidence, s.CPE)
			if s.Name != w.name || s.TLS != w.tls {
				t.Errorf("%s at %s: Identify named it %q (TLS %v); want %q (TLS %v)", r.pkg, e, s.Name, s.TLS, w.name, w.tls)
			} else {
				names++
			}
			if s.Product != w.product {
				t.Errorf("%s at %s: Identify told product %q; want %q", r.pkg, e, s.Product, w.product)
			} else {
				products++
			}
			want := ""
			if w.version {
				want = upstream
				reachable++
			}
			if s.Version != want {
				t.Errorf("%s at %s: Identify told version %q; want %q", r.pkg, e, s.Version, want)
			} else if w.version {
				versions++
			}
			if want != "" && !strings.HasPrefix(s.CPE, "cpe:2.3:a:") {
				t.Errorf("%s at %s: Identify told CPE %q; want one of an application", r.pkg, e, s.CPE)
			}
		}
	}
	t.Logf("%d endpoints: names %d, products %d, versions %d of %d, wall %.2fs, host OS %q by %s", len(endpoints), names, products, versions, reachable, wall.Seconds(), host.OS, host.OSMethod)
}

// start runs a daemon and waits until it listens; nil when it can not be had.
func start(t *testing.T, base string, n int, d daemon) *running {
	t.Helper()
	binary, err := exec.LookPath(d.binary)
	if err != nil {
		binary, err = exec.LookPath("/usr/sbin/" + d.binary)
	}
	if err != nil {
		t.Logf("%s: left out, %s is not installed", d.pkg, d.binary)
		return nil
	}
	if os.Getuid() != 0 && (d.user != "" || strings.Contains(d.before, "chown")) {
		t.Logf("%s: left out, it has a user of its own and the test does not run as root", d.pkg)
		return nil
	}
	dir := filepath.Join(base, fmt.Sprintf("%02d", n))
	r := &running{daemon: d, ports: map[string]uint16{"P": freePort(t), "Q": freePort(t), "R": freePort(t)}}
	r.fill = strings.NewReplacer("{D}", dir, "{P}", itoa(r.ports["P"]), "{Q}", itoa(r.ports["Q"]), "{R}", itoa(r.ports["R"]), "{X}", itoa(r.ports["P"]%20000+100))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Error(err)
		return nil
	}
	writeCertificate(t, dir)
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(r.fill.Replace(d.config)), 0o644); err != nil {
		t.Error(err)
		return nil
	}
	attr := r.attributes(t, dir)
	if d.before != "" {
		shell := exec.CommandContext(t.Context(), "bash", "-c", r.fill.Replace(d.before))
		shell.SysProcAttr = attr
		if out, err := shell.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", d.pkg, err, out)
			return nil
		}
	}
	log, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Error(err)
		return nil
	}
	cmd := exec.Command(binary, strings.Fields(r.fill.Replace(d.args))...)
	cmd.SysProcAttr, cmd.Stdout, cmd.Stderr, cmd.Dir = attr, log, log, dir
	cmd.Env = append(os.Environ(), r.environment(dir)...)
	if err := cmd.Start(); err != nil {
		t.Errorf("%s: %v", d.pkg, err)
		return nil
	}
	t.Cleanup(func() { stop(cmd); _ = log.Close() })
	if !r.listens(t.Context()) {
		out, _ := os.ReadFile(log.Name())
		t.Errorf("%s does not listen: %s", d.pkg, out)
		return nil
	}
	if d.after != "" {
		if out, err := exec.CommandContext(t.Context(), "bash", "-c", r.fill.Replace(d.after)).CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", d.pkg, err, out)
		}
	}
	return r
}

// environment serves RabbitMQ; others ignore it.
func (r *running) environment(dir string) []string {
	return []string{
		"HOME=" + dir, "RABBITMQ_NODENAME=probe" + itoa(r.ports["P"]) + "@localhost", "RABBITMQ_CONFIG_FILE=" + dir + "/config", "RABBITMQ_MNESIA_BASE=" + dir + "/m",
		"RABBITMQ_LOG_BASE=" + dir + "/l", "RABBITMQ_ENABLED_PLUGINS_FILE=" + dir + "/plugins", "RABBITMQ_PID_FILE=" + dir + "/pid", "ERL_FLAGS=+S 1:1", "ERL_EPMD_PORT=" + itoa(r.ports["R"]),
	}
}

// attributes put the daemon into a process group of its own and, for root,
// under its own user, who is given the folder.
func (r *running) attributes(t *testing.T, dir string) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if r.user == "" || os.Getuid() != 0 {
		return attr
	}
	u, err := user.Lookup(r.user)
	if err != nil {
		t.Errorf("%s: %v", r.pkg, err)
		return attr
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	_ = os.Chown(dir, uid, gid)
	_ = os.Chmod(filepath.Join(dir, "key.pem"), 0o644)
	attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return attr
}

// stop ends a process group, politely at first.
func stop(cmd *exec.Cmd) {
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
	}
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	<-ended
}

// listens waits until the TCP ports accept; UDP servers are given a second.
func (r *running) listens(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	for _, w := range r.want {
		if w.proto == harrier.UDP {
			time.Sleep(time.Second)
			continue
		}
		for {
			var d net.Dialer
			conn, err := d.DialContext(ctx, "tcp", "127.0.0.1:"+itoa(r.ports[w.port]))
			if err == nil {
				_ = conn.Close()
				break
			}
			if ctx.Err() != nil {
				return false
			}
			time.Sleep(100 * time.Millisecond)
		}
	}
	return true
}

func freePort(t *testing.T) uint16 {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Error(err)
		return 0
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).AddrPort().Port()
}

// packageVersion is the upstream part of an installed package's version.
func packageVersion(t *testing.T, pkg string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "dpkg-query", "-W", "-f", "${Version}", pkg).Output()
	if err != nil {
		t.Errorf("dpkg-query %s: %v", pkg, err)
	}
	v := string(out)
	if _, rest, found := strings.Cut(v, ":"); found {
		v = rest
	}
	v, _, _ = strings.Cut(v, "-")
	v, _, _ = strings.Cut(v, "+")
	return v
}

func itoa(n uint16) string { return strconv.Itoa(int(n)) }

// writeCertificate makes key.pem and cert.pem for target.test.
func writeCertificate(t *testing.T, dir string) {
	t.Helper()
	cert, key := selfSigned(t)
	for name, block := range map[string]*pem.Block{"cert.pem": cert, "key.pem": key} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o644); err != nil {
			t.Error(err)
		}
	}
}

func selfSigned(t *testing.T) (cert, key *pem.Block) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0x1234), Subject: pkix.Name{CommonName: "target.test", Organization: []string{"Bench"}},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), DNSNames: []string{"target.test"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	pk, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return &pem.Block{Type: "CERTIFICATE", Bytes: der}, &pem.Block{Type: "PRIVATE KEY", Bytes: pk}
}

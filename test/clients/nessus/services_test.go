package nessus

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
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/harrier-scan/harrier/internal/needs"
)

// Where the servers listen: addresses that nothing else on the machine uses.
const (
	webAddr   = "127.77.0.1"
	redisAddr = "127.77.0.2"
	sshAddr   = "127.77.0.3"

	webPort   = "18080"
	tlsPort   = "18443"
	redisPort = "16379"
	sshPort   = "12222"
)

// targets and ports are what the clients scan.
var (
	targets = webAddr + "," + redisAddr + "," + sshAddr
	ports   = webPort + "," + tlsPort + "," + redisPort + "," + sshPort
)

// startServices starts the servers and waits until they listen.
func startServices(t *testing.T) {
	t.Helper()
	dir, err := os.MkdirTemp("", "harrier-clients-") //nolint:usetesting // servers that drop their rights can not enter t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	// Servers that drop their rights have to reach their files.
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // left-overs in the temporary folder do no harm
	startNginx(t, dir)
	startServer(t, needs.Binary(t, "redis-server", "redis-server"),
		"--bind", redisAddr, "--port", redisPort, "--save", "", "--protected-mode", "no", "--dir", dir)
	startSSH(t, dir)
	for _, addr := range []string{webAddr + ":" + webPort, webAddr + ":" + tlsPort, redisAddr + ":" + redisPort, sshAddr + ":" + sshPort} {
		waitFor(t, addr)
	}
}

func startNginx(t *testing.T, dir string) {
	t.Helper()
	cert, key := certificate(t, dir)
	write(t, filepath.Join(dir, "index.html"), "<html><head><title>clients</title></head><body>hello</body></html>\n")
	conf := filepath.Join(dir, "nginx.conf")
	write(t, conf, fmt.Sprintf(`daemon off; pid %[1]s/nginx.pid; error_log stderr; events {}
http {
  access_log off; root %[1]s;
  client_body_temp_path %[1]s/body; proxy_temp_path %[1]s/proxy; fastcgi_temp_path %[1]s/fastcgi; uwsgi_temp_path %[1]s/uwsgi; scgi_temp_path %[1]s/scgi;
  server { listen %[2]s:%[3]s; }
  server { listen %[2]s:%[4]s ssl; ssl_certificate %[5]s; ssl_certificate_key %[6]s; }
}
`, dir, webAddr, webPort, tlsPort, cert, key))
	startServer(t, needs.Binary(t, "nginx", "nginx-light"), "-c", conf, "-e", "stderr")
}

func startSSH(t *testing.T, dir string) {
	t.Helper()
	sshd := needs.Binary(t, "sshd", "openssh-server")
	if os.Geteuid() == 0 {
		// sshd insists on the folder that its start script makes.
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	key := filepath.Join(dir, "hostkey")
	if out, err := exec.CommandContext(t.Context(), needs.Binary(t, "ssh-keygen", "openssh-client"), "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	startServer(t, sshd, "-D", "-e", "-f", "/dev/null", "-h", key,
		"-o", "ListenAddress="+sshAddr+":"+sshPort, "-o", "PidFile=none", "-o", "UsePAM=no")
}

// startServer runs a server until the test ends.
func startServer(t *testing.T, path string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), path, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	log, err := os.Create(filepath.Join(t.TempDir(), filepath.Base(path)+".log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", path, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // it ends by a signal
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt) // gone already is fine
		select {
		case <-done:
		case <-time.After(10 * time.Second):
			_ = cmd.Process.Kill() // likewise
			<-done
		}
		if text, err := os.ReadFile(log.Name()); t.Failed() && err == nil {
			t.Logf("%s wrote:\n%s", filepath.Base(path), text)
		}
		_ = log.Close() // only read from here on
	})
}

func waitFor(t *testing.T, addr string) {
	t.Helper()
	var d net.Dialer
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if c, err := d.DialContext(t.Context(), "tcp", addr); err == nil {
			_ = c.Close() // it was only a look
			return
		}
	}
	t.Fatalf("nothing listens on %s", addr)
}

// certificate writes a self-signed certificate that has expired.
func certificate(t *testing.T, dir string) (certPath, keyPath string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "web.example.test"}, DNSNames: []string{"web.example.test"},
		NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(-1, 0, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPath, keyPath = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write(t, certPath, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, keyPath, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})))
	return certPath, keyPath
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

package bus_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/bus"
	"github.com/harrier-scan/harrier/internal/bus/bustest"
)

// What was stored survives the end of the server, and what is published again
// after the start is neither doubled nor refused.
func TestServerRestart(t *testing.T) {
	config := bus.Config{Dir: t.TempDir()}
	s := serve(t, config)
	c := connect(t, s)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for batch := 1; batch <= 3; batch++ {
		must(c.PublishJob(t.Context(), "", harrier.Job{Scan: 7, Batch: batch}))
	}
	d, err := c.FetchJob(t.Context(), "")
	must(err)
	must(d.Ack(t.Context()))
	for seq := 1; seq <= 3; seq++ {
		must(c.PublishResult(t.Context(), harrier.Result{Scan: 7, Batch: 1, Attempt: 1, Seq: seq}))
	}
	must(c.SetCommand(t.Context(), 7, harrier.Pause))
	s.Close()

	c = connect(t, serve(t, config))
	for batch := 1; batch <= 3; batch++ { // the console publishes what is not done in its store
		must(c.PublishJob(t.Context(), "", harrier.Job{Scan: 7, Batch: batch}))
	}
	must(c.PublishResult(t.Context(), harrier.Result{Scan: 7, Batch: 1, Attempt: 1, Seq: 3}))
	batches := map[int]int{}
	for range 3 {
		d, err := c.FetchJob(t.Context(), "")
		must(err)
		batches[d.Job.Batch]++
	}
	if len(batches) != 3 {
		t.Errorf("batches after the restart = %v; want 1, 2, 3, each once", batches)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	var seqs []int
	_ = c.ConsumeResults(ctx, func(_ context.Context, group []harrier.Result) error {
		for _, r := range group {
			seqs = append(seqs, r.Seq)
		}
		return nil
	})
	if len(seqs) != 3 || seqs[2] != 3 {
		t.Errorf("results after the restart = %v; want 1, 2, 3", seqs)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	err = c.WatchCommands(ctx, func(scan harrier.ID, c harrier.Command) {
		if scan != 7 || c != harrier.Pause {
			t.Errorf("command after the restart = %s of scan %d; want pause of 7", c, scan)
		}
		cancel()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("WatchCommands after the restart = %v; want the pause", err)
	}
}

// certificate returns TLS settings for a server at 127.0.0.1 and its clients.
func certificate(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bus"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, MinVersion: tls.VersionTLS12},
		&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
}

// An engine elsewhere needs the token and the certificate, and waits for a
// console that is away without losing what it has to say.
func TestDial(t *testing.T) {
	server, client := certificate(t)
	config := bus.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", TLS: server, Token: "s3cret", AckWait: bustest.AckWait}
	s := serve(t, config)
	url := s.URL()
	config.Listen = url[strings.LastIndex(url, "/")+1:]
	if _, err := bus.Dial(t.Context(), url, "wrong", client); harrier.KindOf(err) != harrier.Unauthenticated {
		t.Errorf("Dial with a wrong token = %v; want Unauthenticated", err)
	}
	if _, err := bus.Dial(t.Context(), url, "s3cret", &tls.Config{RootCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12}); harrier.KindOf(err) != harrier.Unavailable {
		t.Errorf("Dial to a server of an unknown authority = %v; want Unavailable", err)
	}
	if c, err := s.Connect(t.Context()); err != nil {
		t.Errorf("Connect within the process = %v", err)
	} else if err := c.PublishJob(t.Context(), "", harrier.Job{Scan: 1, Batch: 1}); err != nil {
		t.Errorf("PublishJob = %v", err)
	}
	c, err := bus.Dial(t.Context(), url, "s3cret", client)
	if err != nil {
		t.Fatalf("Dial = %v", err)
	}
	defer c.Close()
	if d, err := c.FetchJob(t.Context(), ""); err != nil || d.Job.Scan != 1 {
		t.Errorf("FetchJob over TLS = %+v, %v", d, err)
	}

	s.Close()
	var sending sync.WaitGroup
	published := make(chan error, 1)
	sending.Go(func() {
		published <- c.PublishResult(t.Context(), harrier.Result{Scan: 1, Batch: 1, Attempt: 1, Seq: 1})
	})
	select {
	case err := <-published:
		t.Fatalf("PublishResult while the console is away = %v; want to wait", err)
	case <-time.After(500 * time.Millisecond):
	}
	if err := c.Beat(t.Context(), harrier.Heartbeat{}); harrier.KindOf(err) != harrier.Unavailable {
		t.Errorf("Beat while the console is away = %v; want Unavailable", err)
	}
	home := connect(t, serve(t, config))
	sending.Wait()
	if err := <-published; err != nil {
		t.Fatalf("PublishResult after the console came back = %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	n := 0
	_ = home.ConsumeResults(ctx, func(_ context.Context, group []harrier.Result) error {
		n += len(group)
		time.AfterFunc(300*time.Millisecond, cancel)
		return nil
	})
	if n != 1 {
		t.Errorf("%d results arrived; want 1", n)
	}
	d, err := c.FetchJob(t.Context(), "") // the attempt before was not acknowledged
	if err != nil {
		t.Fatalf("FetchJob after the console came back = %v", err)
	}
	if err := d.Ack(t.Context()); err != nil {
		t.Errorf("Ack = %v", err)
	}
}

func TestServeRefuses(t *testing.T) {
	server, _ := certificate(t)
	busy, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	for _, test := range []struct {
		config bus.Config
		want   harrier.Kind
	}{
		{bus.Config{}, harrier.Invalid},
		{bus.Config{Dir: t.TempDir(), Listen: "nowhere"}, harrier.Invalid},
		{bus.Config{Dir: t.TempDir(), Listen: "127.0.0.1:x"}, harrier.Invalid},
		{bus.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0"}, harrier.Invalid},
		{bus.Config{Dir: t.TempDir(), Listen: "127.0.0.1:0", TLS: server}, harrier.Invalid},
		{bus.Config{Dir: t.TempDir(), Listen: busy.Addr().String(), TLS: server, Token: "t"}, harrier.Unavailable},
		{bus.Config{Dir: "/proc/no/such/folder"}, harrier.Unavailable},
	} {
		if s, err := bus.Serve(t.Context(), test.config); harrier.KindOf(err) != test.want {
			t.Errorf("Serve(%+v) = %v, %v; want %v", test.config, s, err, test.want)
		}
	}
}

func BenchmarkResults(b *testing.B) {
	s, err := bus.Serve(b.Context(), bus.Config{Dir: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	c, err := s.Connect(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	var consuming sync.WaitGroup
	got := 0
	consuming.Go(func() {
		_ = c.ConsumeResults(ctx, func(_ context.Context, group []harrier.Result) error {
			if got += len(group); got >= b.N {
				cancel()
			}
			return nil
		})
	})
	evidence := strings.Repeat("x", 400)
	var publishing sync.WaitGroup
	const publishers = 4
	for p := range publishers {
		publishing.Go(func() {
			for n := p; n < b.N; n += publishers {
				_ = c.PublishResult(ctx, harrier.Result{
					Scan: 1, Batch: p, Attempt: 1, Seq: n,
					Observations: []harrier.Observation{{Vulnerability: 1, Evidence: evidence}},
				})
			}
		})
	}
	publishing.Wait()
	consuming.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "results/s")
}

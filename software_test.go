package harrier_test

import (
	"fmt"
	"testing"

	"github.com/harrier-scan/harrier"
)

func TestSoftwareAndCertificates(t *testing.T) {
	at := func(port uint16) harrier.Endpoint { return harrier.Endpoint{Protocol: harrier.TCP, Port: port} }
	leaf, authority := harrier.Certificate{Subject: "CN=www", SHA256: "aa"}, harrier.Certificate{Subject: "CN=CA", SHA256: "bb"}
	services := []harrier.Service{
		{Endpoint: at(80), Product: "nginx", Version: "1.24.0", CPE: "cpe:2.3:a:f5:nginx:1.24.0:*:*:*:*:*:*:*"},
		{Endpoint: at(81)},
		{Endpoint: at(443), Product: "nginx", Version: "1.24.0", CPE: "cpe:2.3:a:f5:nginx:1.24.0:*:*:*:*:*:*:*", Certificates: []harrier.Certificate{leaf, authority}},
		{Endpoint: at(8080), Product: "nginx", Version: "1.22.1", Certificates: []harrier.Certificate{leaf}},
		{Endpoint: at(22), Product: "OpenSSH"},
	}
	got := ""
	for _, s := range harrier.SoftwareOf(services) {
		got += fmt.Sprintln(s.Product, s.Version, s.Endpoints)
	}
	for _, c := range harrier.CertificatesOf(services) {
		got += fmt.Sprintln(c.Subject, c.Leaf, c.Endpoints)
	}
	want := "OpenSSH  [22/tcp]\nnginx 1.22.1 [8080/tcp]\nnginx 1.24.0 [80/tcp 443/tcp]\nCN=www true [443/tcp 8080/tcp]\nCN=CA false [443/tcp]\n"
	if got != want {
		t.Errorf("software and certificates:\n%s\nwant\n%s", got, want)
	}
}

package passive

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func names(list []Name) string {
	var out []string
	for _, n := range list {
		out = append(out, n.Name)
	}
	return strings.Join(out, " ")
}

func TestSources(t *testing.T) {
	tries := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch tries++; {
		case tries == 1:
			w.WriteHeader(http.StatusBadGateway)
		case r.URL.Query().Get("q") == "%.acme.test":
			w.Write([]byte(`[{"id":7,"common_name":"WWW.acme.test","name_value":"*.acme.test\nold.acme.test\nevil.test"},{"id":"8","dns_names":["api.acme.test","notacme.test"]}]`))
		case r.Header.Get("Authorization") == "Bearer k":
			w.Write([]byte(`{"subdomains":["vpn","mail.acme.test"]}`))
		default:
			w.WriteHeader(http.StatusForbidden)
		}
	}))
	defer srv.Close()
	got, err := Certificates{URL: srv.URL + "/?q=%25.{domain}", Client: srv.Client()}.Names(t.Context(), "acme.test")
	if err != nil || names(got) != "acme.test api.acme.test old.acme.test www.acme.test" || got[2].About != "7" {
		t.Errorf("Certificates = %v, %v", got, err)
	}
	got, err = List{Label: "x", URL: srv.URL, Key: "k", NeedKey: true, Client: srv.Client()}.Names(t.Context(), "acme.test")
	if err != nil || names(got) != "mail.acme.test vpn.acme.test" {
		t.Errorf("List = %v, %v", got, err)
	}
	before := tries
	if got, err := (List{Label: "x", URL: srv.URL, NeedKey: true}).Names(t.Context(), "acme.test"); err != nil || got != nil || tries != before {
		t.Errorf("a source without its key = %v, %v, and was asked %v", got, err, tries != before)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`[{"id":1,"name_value":"a.acme.test\nb"}]`))
	f.Add([]byte(`{"names":["x"]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, parse := range []func([]byte, string) ([]Name, error){ParseCertificates, ParseList} {
			list, _ := parse(b, "acme.test")
			for _, n := range list {
				if n.Name != "acme.test" && !strings.HasSuffix(n.Name, ".acme.test") {
					t.Errorf("name %q", n.Name)
				}
			}
		}
	})
}

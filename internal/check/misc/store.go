package misc

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// EtcdNoAuth reports an etcd server that reads keys for anybody.
var EtcdNoAuth = check.Define(harrier.Vulnerability{
	ID: 900105, Slug: "etcd-no-auth", Name: "etcd answers without signing in", Family: family,
	Synopsis:    "The key-value store obeys requests of anybody.",
	Description: "The server read a range of keys for a client that has not signed in. Who reaches the port reads and changes all keys: for a Kubernetes cluster that means its secrets and everything that runs on it.",
	Solution:    "Require client certificates, or turn authentication on and create users.",
	CWEs:        []int{306},
	References:  []string{"https://etcd.io/docs/latest/op-guide/security/"},
}, check.Takeover, check.Check{
	Applies: func(s harrier.Service) bool { return s.Name == "etcd" || web("etcd", 2379)(s) },
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		r, err := t.Get(ctx, "/version")
		if err != nil {
			return harrier.Unknown, "", err
		}
		var version struct {
			Server string `json:"etcdserver"`
		}
		if json.Unmarshal(r.Body, &version) != nil || version.Server == "" {
			return harrier.Unknown, "", fmt.Errorf("not etcd: status %d", r.Status)
		}
		// How many keys there are from the first one on, without the keys.
		const everything = `{"key":"AA==","range_end":"AA==","count_only":true}`
		r, err = t.HTTP(ctx, check.Request{Method: http.MethodPost, Path: "/v3/kv/range", Body: everything})
		switch {
		case err != nil:
			return harrier.Unknown, "", err
		case r.Status == http.StatusOK && bytes.Contains(r.Body, []byte(`"cluster_id"`)):
			var counted struct {
				Count string `json:"count"`
			}
			_ = json.Unmarshal(r.Body, &counted) // an empty store has no count
			return harrier.Present, fmt.Sprintf("%s\n\n  etcdserver : %s\n  keys       : %s", t.URL("/v3/kv/range"), version.Server, cmp.Or(counted.Count, "0")), nil
		case r.Status >= 400 && (bytes.Contains(r.Body, []byte("user name is empty")) || bytes.Contains(r.Body, []byte("permission denied"))):
			return harrier.Absent, "", nil
		}
		return harrier.Unknown, "", fmt.Errorf("unexpected answer with status %d", r.Status)
	},
})

// ConsulNoAuth reports a Consul agent that shows its configuration to anybody.
var ConsulNoAuth = check.Define(harrier.Vulnerability{
	ID: 900106, Slug: "consul-no-auth", Name: "Consul agent answers without a token", Family: family,
	Synopsis:    "The service registry obeys requests of anybody.",
	Description: "The agent showed its configuration to a client without a token. Who reaches the port usually registers services and checks too, some of which run programs on the host.",
	Solution:    "Turn the access control lists on with a default policy of deny.",
	CWEs:        []int{306},
	References:  []string{"https://developer.hashicorp.com/consul/docs/security/acl"},
}, check.Control, check.Check{
	Applies: func(s harrier.Service) bool { return s.Name == "consul" || web("Consul", 8500)(s) },
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		r, err := t.Get(ctx, "/v1/agent/self")
		if err != nil {
			return harrier.Unknown, "", err
		}
		var self struct {
			Config struct{ Datacenter, NodeName, Version string }
		}
		switch {
		case r.Status == http.StatusOK && json.Unmarshal(r.Body, &self) == nil && self.Config.Datacenter != "":
			return harrier.Present, fmt.Sprintf("%s\n\n  Datacenter : %s\n  Version    : %s", t.URL("/v1/agent/self"), self.Config.Datacenter, self.Config.Version), nil
		case r.Status == http.StatusForbidden && bytes.Contains(bytes.ToLower(r.Body), []byte("permission denied")):
			return harrier.Absent, "", nil
		}
		return harrier.Unknown, "", fmt.Errorf("unexpected answer with status %d", r.Status)
	},
})

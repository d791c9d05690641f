package databases

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// ElasticsearchNoAuth reports an Elasticsearch or OpenSearch server that tells
// its indices to anybody.
var ElasticsearchNoAuth = check.Define(harrier.Vulnerability{
	ID: 900003, Slug: "elasticsearch-no-auth", Name: "Elasticsearch answers without signing in", Family: family,
	Synopsis:    "The search server obeys requests of anybody.",
	Description: "The server tells about itself to a client that has not signed in, which it does only with its access control off. Who reaches the port reads, changes and deletes all indices.",
	Solution:    "Turn the security features on and create users, or put the server behind a proxy that signs users in.",
	CWEs:        []int{306},
	References:  []string{"https://www.elastic.co/guide/en/elasticsearch/reference/current/secure-cluster.html"},
}, check.Takeover, check.Check{
	Applies: func(s harrier.Service) bool {
		return s.Name == "elasticsearch" || s.Name == "http" && (s.Product == "Elasticsearch" || s.Product == "OpenSearch" || s.Port == 9200)
	},
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		r, err := t.Get(ctx, "/")
		if err != nil {
			return harrier.Unknown, "", err
		}
		var hello struct {
			Cluster string `json:"cluster_name"`
			Version struct {
				Number string `json:"number"`
				Lucene string `json:"lucene_version"`
			} `json:"version"`
		}
		if json.Unmarshal(r.Body, &hello) == nil && r.Status == http.StatusOK && hello.Version.Lucene != "" {
			return harrier.Present, fmt.Sprintf("%s\n\n  cluster_name : %s\n  version      : %s", t.URL("/"), hello.Cluster, hello.Version.Number), nil
		}
		return closedOr(r, []byte("security_exception"), []byte("opensearch"))
	},
})

// CouchDBNoAuth reports a CouchDB server that lists its databases for anybody.
var CouchDBNoAuth = check.Define(harrier.Vulnerability{
	ID: 900004, Slug: "couchdb-no-auth", Name: "CouchDB answers without signing in", Family: family,
	Synopsis:    "The CouchDB server obeys requests of anybody.",
	Description: "The server lists its databases for a client that has not signed in: it has no administrator, or does not ask for a valid user. Who reaches the port reads what is not protected database by database.",
	Solution:    "Create an administrator and set require_valid_user.",
	CWEs:        []int{306},
	References:  []string{"https://docs.couchdb.org/en/stable/intro/security.html"},
}, check.Takeover, check.Check{
	Applies: func(s harrier.Service) bool {
		return s.Name == "couchdb" || s.Name == "http" && (s.Product == "CouchDB" || s.Product == "Apache CouchDB" || s.Port == 5984)
	},
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		hello, err := t.Get(ctx, "/")
		if err != nil {
			return harrier.Unknown, "", err
		}
		if hello.Status == http.StatusUnauthorized && bytes.Contains(hello.Body, []byte(`"error":"unauthorized"`)) {
			return harrier.Absent, "", nil
		}
		if !bytes.Contains(hello.Body, []byte(`"couchdb"`)) {
			return harrier.Unknown, "", fmt.Errorf("not CouchDB: status %d", hello.Status)
		}
		r, err := t.Get(ctx, "/_all_dbs")
		if err != nil {
			return harrier.Unknown, "", err
		}
		var names []string
		if r.Status == http.StatusOK && json.Unmarshal(r.Body, &names) == nil {
			return harrier.Present, fmt.Sprintf("%s lists %d databases.", t.URL("/_all_dbs"), len(names)), nil
		}
		return closedOr(r, []byte(`"error"`))
	},
})

// closedOr is Absent for a refusal whose body has one of marks, and Unknown
// otherwise.
func closedOr(r check.Reply, marks ...[]byte) (harrier.Verdict, string, error) {
	if r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden {
		for _, m := range marks {
			if bytes.Contains(bytes.ToLower(r.Body), m) {
				return harrier.Absent, "", nil
			}
		}
	}
	return harrier.Unknown, "", fmt.Errorf("unexpected answer with status %d", r.Status)
}

package misc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check"
)

// MQTTNoAuth reports an MQTT broker that accepts clients without a name.
var MQTTNoAuth = check.Define(harrier.Vulnerability{
	ID: 900101, Slug: "mqtt-no-auth", Name: "MQTT broker accepts anybody", Family: family,
	Synopsis:    "The message broker accepts clients that do not sign in.",
	Description: "The broker accepted a connection without user name and password. Who reaches the port can usually read and write the messages of all devices.",
	Solution:    "Turn anonymous access off and give each device a user with access rules of its own.",
	CWEs:        []int{306},
	References:  []string{"https://mosquitto.org/documentation/authentication-methods/"},
}, check.Control, check.Check{
	Applies: named("mqtt"),
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		// CONNECT, version 3.1.1, clean session, keep alive 10 s, no client name.
		reply, err := t.Ask(ctx, []byte("\x10\x0c\x00\x04MQTT\x04\x02\x00\x0a\x00\x00"))
		switch {
		case err != nil:
			return harrier.Unknown, "", err
		case len(reply) < 4 || reply[0] != 0x20 || reply[1] != 2:
			return harrier.Unknown, "", fmt.Errorf("unexpected reply %q", check.FirstLine(reply))
		}
		switch reply[3] {
		case 0:
			return harrier.Present, "The broker accepted a client without user name and password.", nil
		case 4, 5: // bad user name or password, not authorised
			return harrier.Absent, "", nil
		}
		return harrier.Unknown, "", fmt.Errorf("the broker refused with code %d", reply[3])
	},
})

// NATSNoAuth reports a NATS server that serves clients which do not sign in.
var NATSNoAuth = check.Define(harrier.Vulnerability{
	ID: 900102, Slug: "nats-no-auth", Name: "NATS server accepts anybody", Family: family,
	Synopsis:    "The message server accepts clients that do not sign in.",
	Description: "The server answered a client that gave no credentials. Who reaches the port reads and writes messages.",
	Solution:    "Configure users, tokens or keys in the authorization section of the server.",
	CWEs:        []int{306},
	References:  []string{"https://docs.nats.io/running-a-nats-service/configuration/securing_nats"},
}, check.Control, check.Check{
	Applies: func(s harrier.Service) bool { return s.Name == "nats" && !s.TLS },
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		c, err := t.Open(ctx)
		if err != nil {
			return harrier.Unknown, "", err
		}
		defer c.Close()
		line, err := c.Line()
		if err != nil {
			return harrier.Unknown, "", err
		}
		info, ok := strings.CutPrefix(line, "INFO ")
		var hello struct {
			Version     string `json:"version"`
			TLSRequired bool   `json:"tls_required"`
		}
		if !ok || json.Unmarshal([]byte(info), &hello) != nil {
			return harrier.Unknown, "", fmt.Errorf("unexpected greeting %q", check.FirstLine([]byte(line)))
		}
		if hello.TLSRequired {
			return harrier.Unknown, "", fmt.Errorf("the server wants TLS first")
		}
		if err := c.Say(`CONNECT {"verbose":false,"pedantic":false}` + "\r\nPING"); err != nil {
			return harrier.Unknown, "", err
		}
		if line, err = c.Line(); err != nil {
			return harrier.Unknown, "", err
		}
		switch {
		case line == "PONG":
			return harrier.Present, "The server (version " + hello.Version + ") served a client without credentials.", nil
		case strings.HasPrefix(line, "-ERR 'Auth"):
			return harrier.Absent, "", nil
		}
		return harrier.Unknown, "", fmt.Errorf("unexpected answer %q", check.FirstLine([]byte(line)))
	},
})

// ZooKeeperNoAuth reports a ZooKeeper server that shows its tree to anybody.
var ZooKeeperNoAuth = check.Define(harrier.Vulnerability{
	ID: 900103, Slug: "zookeeper-no-auth", Name: "ZooKeeper shows its tree to anybody", Family: family,
	Synopsis:    "The coordination service obeys clients that do not sign in.",
	Description: "The server lists the root of its tree for a session without credentials. Who reaches the port reads what nodes do not protect, and often changes the configuration of the cluster.",
	Solution:    "Require SASL or TLS client certificates, set access rules on the nodes, and filter the port.",
	CWEs:        []int{306},
	References:  []string{"https://zookeeper.apache.org/doc/current/zookeeperProgrammers.html#sc_ZooKeeperAccessControl"},
}, check.Control, check.Check{
	Applies: func(s harrier.Service) bool {
		return s.Protocol != harrier.UDP && (s.Name == "zookeeper" || s.Name == "" && s.Port == 2181)
	},
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		c, err := t.Open(ctx)
		if err != nil {
			return harrier.Unknown, "", err
		}
		defer c.Close()
		return listRoot(c)
	},
})

// dockerAPI is the answer of a Docker daemon to GET /version.
type dockerAPI struct {
	Version    string `json:"Version"`
	APIVersion string `json:"ApiVersion"`
}

// DockerNoAuth reports a Docker daemon that obeys anybody.
var DockerNoAuth = check.Define(harrier.Vulnerability{
	ID: 900104, Slug: "docker-no-auth", Name: "Docker daemon obeys anybody", Family: family,
	Synopsis:    "The container daemon takes commands over the network from anybody.",
	Description: "The daemon listed its containers for a client without a certificate. Who reaches the port starts containers that own the whole host.",
	Solution:    "Do not let the daemon listen on the network; where it must, require client certificates.",
	CWEs:        []int{306},
	References:  []string{"https://docs.docker.com/engine/security/protect-access/"},
}, check.Takeover, check.Check{
	Applies: func(s harrier.Service) bool {
		return s.Name == "docker" || s.Name == "http" && (s.Product == "Docker" || s.Port == 2375 || s.Port == 2376)
	},
	Run: func(ctx context.Context, t check.Target) (harrier.Verdict, string, error) {
		r, err := t.Get(ctx, "/version")
		if err != nil {
			return harrier.Unknown, "", err
		}
		var api dockerAPI
		if json.Unmarshal(r.Body, &api) != nil || api.APIVersion == "" {
			if r.Status == 401 || r.Status == 403 {
				return harrier.Absent, "", nil
			}
			return harrier.Unknown, "", fmt.Errorf("not a Docker daemon: status %d", r.Status)
		}
		list, err := t.Get(ctx, "/containers/json?limit=1")
		switch {
		case err != nil:
			return harrier.Unknown, "", err
		case list.Status == 200 && bytes.HasPrefix(bytes.TrimSpace(list.Body), []byte("[")):
			return harrier.Present, fmt.Sprintf("%s\n\n  Version    : %s\n  ApiVersion : %s", t.URL("/containers/json"), api.Version, api.APIVersion), nil
		case list.Status == 401 || list.Status == 403:
			return harrier.Absent, "", nil
		}
		return harrier.Unknown, "", fmt.Errorf("unexpected answer with status %d", list.Status)
	},
})

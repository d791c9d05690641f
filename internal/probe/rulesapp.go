package probe

// httpAppRules tell products by pages and by the answers to their own questions.
var httpAppRules = []rule{
	{
		kind: "tomcat", literal: "Apache Tomcat", pattern: `<h3>Apache Tomcat/(?P<v>\d+\.\d+\.\d+[0-9A-Za-z.-]*)(?: \((?P<os>Debian|Ubuntu)\))?</h3>`, product: "Apache Tomcat", cpe: "apache:tomcat",
		samples: []sample{{"<h3>Apache Tomcat/10.1.60</h3>", "10.1.60"}, {"<h3>Apache Tomcat/9.0.43 (Debian)</h3>", "9.0.43"}, {"<h3>Apache Tomcat/11.0.0-M1</h3>", "11.0.0-M1"}},
	},
	{
		kind: "tomcat", literal: "Apache Tomcat", pattern: `Apache Tomcat`, product: "Apache Tomcat", cpe: "apache:tomcat",
		samples: []sample{{"<title>Apache Tomcat</title>", ""}},
	},
	{
		kind: "http.page", literal: "Apache Tomcat", pattern: `<h3>Apache Tomcat/(?P<v>\d+\.\d+\.\d+[0-9A-Za-z.-]*)(?: \((?P<os>Debian|Ubuntu)\))?</h3>`, product: "Apache Tomcat", cpe: "apache:tomcat",
		samples: []sample{{"<hr><h3>Apache Tomcat/10.1.60</h3></body>", "10.1.60"}},
	},
	{
		kind: "http.page", literal: "Jetty", pattern: `>Powered by Jetty:// (?P<v>\d+\.\d+\.\d+[0-9A-Za-z.]*)<`, product: "Eclipse Jetty", cpe: "eclipse:jetty",
		samples: []sample{{"<a href=x>Powered by Jetty:// 9.4.48.v20220622</a>", "9.4.48.v20220622"}},
	},
	{
		kind: "http.page", literal: "nginx", pattern: `<hr><center>nginx(?:/(?P<v>\d+(?:\.\d+)+))?(?: \((?P<os>[^)]+)\))?</center>`, product: "nginx", cpe: "f5:nginx",
		samples: []sample{{"<hr><center>nginx/1.22.1</center>", "1.22.1"}, {"<hr><center>nginx</center>", ""}},
	},
	{
		kind: "http.page", literal: "No server is available", pattern: `^<html><body><h1>503 Service Unavailable</h1>\s+No server is available to handle this request\.\s+</body></html>`, product: "HAProxy", cpe: "haproxy:haproxy",
		samples: []sample{{"<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>", ""}},
	},
	{
		kind: "http.haproxy", literal: "HAProxy version", pattern: `HAProxy version (?P<v>\d+\.\d+(?:\.\d+)?(?:-(?:dev|rc)\d+)?)`, product: "HAProxy", cpe: "haproxy:haproxy",
		samples: []sample{{`<h1><a href="http://www.haproxy.org/">HAProxy version 2.6.12-1+deb12u4, released 2025/04/16</a></h1>`, "2.6.12"}},
	},
	{
		kind: "http.etcd", literal: "etcdserver", pattern: `"etcdserver":\s?"(?P<v>\d+\.\d+\.\d+[0-9A-Za-z.+-]*)"`, product: "etcd", cpe: "etcd:etcd",
		samples: []sample{{`{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}`, "3.4.23"}},
	},
	{
		kind: "http.body", literal: `"lucene_version"`, pattern: `"distribution"\s*:\s*"opensearch"(?s:.*?)"number"\s*:\s*"(?P<v>\d+\.\d+\.\d+[0-9A-Za-z.-]*)"`, product: "OpenSearch", cpe: "amazon:opensearch",
		samples: []sample{{`{"version" : {"distribution" : "opensearch", "number" : "2.5.0", "lucene_version" : "9.4.2"}}`, "2.5.0"}},
	},
	{
		kind: "http.body", literal: `"lucene_version"`, pattern: `"cluster_name"(?s:.*?)"number"\s*:\s*"(?P<v>\d+\.\d+\.\d+[0-9A-Za-z.-]*)"`, product: "Elasticsearch", cpe: "elastic:elasticsearch",
		samples: []sample{{`{"cluster_name" : "a", "version" : {"number" : "7.10.2", "lucene_version" : "8.7.0"}, "tagline" : "You Know, for Search"}`, "7.10.2"}},
	},
	{
		kind: "http.body", literal: `"couchdb"`, pattern: `^\{"couchdb":"Welcome","version":"(?P<v>\d+(?:\.\d+)+)"`, product: "Apache CouchDB", cpe: "apache:couchdb",
		samples: []sample{{`{"couchdb":"Welcome","version":"3.2.2","git_sha":"d5b746b7c"}`, "3.2.2"}},
	},
	{
		kind: "http.body", literal: "Gitea", pattern: `(?:Gitea Version: |>Powered by Gitea</a>\s*Version:\s*)(?P<v>\d+\.\d+\.\d+)`, product: "Gitea", cpe: "gitea:gitea",
		samples: []sample{{"Gitea Version: 1.18.5", "1.18.5"}},
	},
	{
		kind: "http.body", literal: "Ollama", pattern: `^Ollama is running$`, product: "Ollama", cpe: "ollama:ollama",
		samples: []sample{{"Ollama is running", ""}},
	},
	{
		kind: "http.body", literal: "Prometheus Time Series", pattern: `<title>Prometheus Time Series Collection and Processing Server</title>`, product: "Prometheus", cpe: "prometheus:prometheus",
		samples: []sample{{"<title>Prometheus Time Series Collection and Processing Server</title>", ""}},
	},
	{
		kind: "http.body", literal: "RabbitMQ Management", pattern: `<title>RabbitMQ Management</title>`, product: "RabbitMQ Management", cpe: "vmware:rabbitmq",
		samples: []sample{{"<title>RabbitMQ Management</title>", ""}},
	},
	{
		kind: "http.body", literal: "Grafana", pattern: `<title>Grafana</title>`, product: "Grafana", cpe: "grafana:grafana",
		samples: []sample{{"<title>Grafana</title>", ""}},
	},
	{
		kind: "http.body", literal: "Consul", pattern: `(?:^Consul Agent: UI disabled|<title>Consul by HashiCorp</title>)`, product: "Consul", cpe: "hashicorp:consul",
		samples: []sample{{"<title>Consul by HashiCorp</title>", ""}},
	},
	{
		kind: "http.body", literal: "Node Exporter", pattern: `<title>Node Exporter</title>(?s:.*)\(version=(?P<v>\d+\.\d+\.\d+),`, product: "Prometheus Node Exporter",
		samples: []sample{{"<title>Node Exporter</title><div>Version: (version=1.5.0, branch=HEAD)</div>", "1.5.0"}},
	},
	{
		kind: "http.docker", literal: `"ApiVersion"`, pattern: `"Version":\s?"(?P<v>\d+\.\d+\.\d+[0-9A-Za-z.+-]*)","ApiVersion"`, product: "Docker Engine", cpe: "docker:docker",
		samples: []sample{{`{"Platform":{"Name":""},"Version":"20.10.24","ApiVersion":"1.41"}`, "20.10.24"}},
	},
	{
		kind: "http.docker", literal: `"ApiVersion"`, pattern: `"Engine","Version":"(?P<v>\d+\.\d+\.\d+[0-9A-Za-z.+-]*)"`, product: "Docker Engine", cpe: "docker:docker",
		samples: []sample{{`{"Components":[{"Name":"Engine","Version":"24.0.7","Details":{"ApiVersion":"1.43"}}]}`, "24.0.7"}},
	},
	{
		kind: "http.kubernetes", literal: `"gitVersion"`, pattern: `"gitVersion":\s?"v(?P<v>\d+\.\d+\.\d+)`, product: "Kubernetes", cpe: "kubernetes:kubernetes",
		samples: []sample{{`{"major": "1", "gitVersion": "v1.28.4+k3s1"}`, "1.28.4"}},
	},
	{
		kind: "http.prometheus", literal: `"goVersion"`, pattern: `"version":"(?P<v>\d+\.\d+\.\d+[0-9A-Za-z.+-]*)"`, product: "Prometheus", cpe: "prometheus:prometheus",
		samples: []sample{{`{"status":"success","data":{"version":"2.42.0","goVersion":"go1.19.5"}}`, "2.42.0"}},
	},
	{
		kind: "http.grafana", literal: `"database"`, pattern: `"version":\s?"(?P<v>\d+\.\d+\.\d+[0-9A-Za-z.+-]*)"`, product: "Grafana", cpe: "grafana:grafana",
		samples: []sample{{`{"commit": "x","database": "ok","version": "9.3.6"}`, "9.3.6"}},
	},
	{
		kind: "http.ollama", literal: "version", pattern: `^\{"version":"(?P<v>\d+\.\d+\.\d+[0-9A-Za-z.+-]*)"\}`, product: "Ollama", cpe: "ollama:ollama",
		samples: []sample{{`{"version":"0.1.33"}`, "0.1.33"}},
	},
	{
		kind: "http.consul", literal: `"Version"`, pattern: `"Version":\s?"(?P<v>\d+\.\d+\.\d+[0-9A-Za-z.+-]*)"`, product: "Consul", cpe: "hashicorp:consul",
		samples: []sample{{`{"Config":{"Datacenter":"dc1","Version":"1.15.2"}}`, "1.15.2"}},
	},
	{
		kind: "http.vault", literal: `"sealed"`, pattern: `"version":"(?P<v>\d+\.\d+\.\d+[0-9A-Za-z.+-]*)"`, product: "HashiCorp Vault", cpe: "hashicorp:vault",
		samples: []sample{{`{"initialized":true,"sealed":false,"version":"1.13.1"}`, "1.13.1"}},
	},
	{
		kind: "http.nats", literal: `"server_id"`, pattern: `"version":\s?"(?P<v>\d+\.\d+\.\d+[0-9A-Za-z.+-]*)"`, product: "NATS monitoring", cpe: "linuxfoundation:nats-server",
		samples: []sample{{`{"server_id": "NA","version": "2.9.10"}`, "2.9.10"}},
	},
	{
		kind: "http.jenkins", literal: "", pattern: `^(?P<v>\d+\.\d+(?:\.\d+)?)$`, product: "Jenkins", cpe: "jenkins:jenkins",
		samples: []sample{{"2.387.1", "2.387.1"}},
	},
	{
		kind: "http.influxdb", literal: "", pattern: `^v?(?P<v>\d+\.\d+\.\d+)`, product: "InfluxDB", cpe: "influxdata:influxdb",
		samples: []sample{{"1.8.10", "1.8.10"}, {"v2.6.1", "2.6.1"}},
	},
	{
		kind: "http.kibana", literal: "", pattern: `^(?P<v>\d+\.\d+\.\d+)$`, product: "Kibana", cpe: "elastic:kibana",
		samples: []sample{{"8.6.2", "8.6.2"}},
	},
}

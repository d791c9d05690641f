//go:build unix

package daemons

import "github.com/harrier-scan/harrier"

// Findings about a page without one of the headers that protect it.
const (
	frameAncestors = 50344
	frameOptions   = 50345
	contentType    = 900506
)

var webServers = []Daemon{
	{
		Package: "nginx", Binary: "nginx", Args: "-c {D}/config", Prepare: "mkdir {D}/www",
		Config: `daemon off; pid {D}/pid; error_log {D}/err; events {}
http { access_log off; client_body_temp_path {D}/b; proxy_temp_path {D}/p; fastcgi_temp_path {D}/f; uwsgi_temp_path {D}/u; scgi_temp_path {D}/s;
 server { listen {A}:{P}; listen {A}:{Q} ssl; ssl_certificate {D}/cert.pem; ssl_certificate_key {D}/key.pem; root {D}/www; {+} } }`,
		Flawed: Variant{
			Prepare:     `mkdir {D}/www/.git; echo ref: refs/heads/main >{D}/www/.git/HEAD; printf 'DB_HOST=db\nDB_PASSWORD=x\n' >{D}/www/.env`,
			Config:      "autoindex on; ssl_protocols TLSv1 TLSv1.1 TLSv1.2; ssl_ciphers DEFAULT:@SECLEVEL=0; location = /nginx_status { stub_status; }",
			Certificate: Rotten,
			Ports: []Port{
				{"P", 80, harrier.TCP, "http", false, "nginx", true, []harrier.VulnID{40984, frameAncestors, frameOptions, 900501, 900503, 900505, contentType}},
				{"Q", 443, harrier.TCP, "http", true, "nginx", true, []harrier.VulnID{
					15901, 40984, frameAncestors, frameOptions, 51192, 57582, 69551, 84502, 104743, 157288, 900501, 900503, 900505, contentType,
				}},
			},
		},
		Fixed: &Variant{
			Prepare: `echo hello >{D}/www/index.html`,
			Config: `server_tokens off; ssl_protocols TLSv1.2 TLSv1.3; add_header X-Content-Type-Options nosniff always; add_header X-Frame-Options DENY always;
 add_header Content-Security-Policy "frame-ancestors 'none'" always; add_header Strict-Transport-Security max-age=63072000 always;`,
			Certificate: Trusted,
			Ports: []Port{
				{"P", 80, harrier.TCP, "http", false, "nginx", false, nil},
				{"Q", 443, harrier.TCP, "http", true, "nginx", false, nil},
			},
		},
	},
	{
		Package: "apache2-bin", Binary: "apache2", Args: "-D FOREGROUND -f {D}/config", Prepare: "mkdir {D}/www",
		Config: `ServerRoot {D}
PidFile {D}/pid
ServerName target.test
ErrorLog {D}/err
Mutex file:{D} default
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule headers_module /usr/lib/apache2/modules/mod_headers.so
LoadModule dir_module /usr/lib/apache2/modules/mod_dir.so
User www-data
Group www-data
Listen {A}:{P}
DocumentRoot {D}/www
{+}
`,
		Flawed: Variant{
			Config: `LoadModule autoindex_module /usr/lib/apache2/modules/mod_autoindex.so
LoadModule status_module /usr/lib/apache2/modules/mod_status.so
LoadModule info_module /usr/lib/apache2/modules/mod_info.so
TraceEnable on
<Directory {D}/www>
Options Indexes
</Directory>
<Location /server-status>
SetHandler server-status
</Location>
<Location /server-info>
SetHandler server-info
</Location>`,
			Ports: tcp(8080, "http", "Apache httpd", true, 10677, 10678, 11213, 40984, frameAncestors, frameOptions, contentType),
		},
		Fixed: &Variant{
			Prepare: "echo hello >{D}/www/index.html",
			Config: `TraceEnable off
Header always set X-Content-Type-Options nosniff
Header always set X-Frame-Options DENY
Header always set Content-Security-Policy "frame-ancestors 'none'"`,
			Ports: tcp(8080, "http", "Apache httpd", true),
		},
	},
	{
		Package: "lighttpd", Binary: "lighttpd", Args: "-D -f {D}/config", Prepare: "mkdir {D}/www; echo hello >{D}/www/index.html",
		Config: `server.document-root="{D}/www"
server.bind="{A}"
server.port={P}
index-file.names=("index.html")
{+}
`,
		Flawed: Variant{
			Prepare: "echo a:b >{D}/users",
			Config: `server.modules=("mod_auth","mod_authn_file")
auth.backend="plain"
auth.backend.plain.userfile="{D}/users"
auth.require=("/"=>("method"=>"basic","realm"=>"x","require"=>"valid-user"))`,
			Ports: tcp(8081, "http", "lighttpd", true, 34850),
		},
		Fixed: &Variant{
			Config: `server.modules=("mod_setenv")
setenv.add-response-header=("X-Content-Type-Options"=>"nosniff","X-Frame-Options"=>"DENY","Content-Security-Policy"=>"frame-ancestors 'none'")`,
			Ports: tcp(8081, "http", "lighttpd", true),
		},
	},
	{
		Package: "squid", Binary: "squid", Args: "-N -f {D}/config", Prepare: "chown proxy {D}",
		Config: `http_port {A}:{P}
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
`,
		Flawed: Variant{Ports: tcp(3128, "http-proxy", "Squid", true)},
	},
	{
		Package: "tinyproxy-bin", Binary: "tinyproxy", Args: "-d -c {D}/config",
		Config: "Port {P}\nListen {A}\nUser nobody\nTimeout 60\nAllow 10.78.0.0/24\n",
		Flawed: Variant{Ports: tcp(8888, "http-proxy", "tinyproxy", true)},
	},
	{
		Package: "haproxy", Binary: "haproxy", Args: "-db -f {D}/config",
		Config: `global
 maxconn 50
defaults
 mode http
 timeout client 10s
 timeout server 10s
 timeout connect 5s
frontend f
 bind {A}:{P}
 stats enable
 stats uri /stats
`,
		Flawed: Variant{Ports: tcp(8083, "http", "HAProxy", true)},
	},
}

package probe

// httpServerRules tell products by the Server header.
var httpServerRules = []rule{
	{
		kind: "http.server", literal: "nginx", pattern: `^nginx(?:/(?P<v>\d+(?:\.\d+)+))?(?: \((?P<os>[^)]+)\))?$`, product: "nginx", cpe: "f5:nginx",
		samples: []sample{{"nginx/1.22.1", "1.22.1"}, {"nginx", ""}, {"nginx/1.18.0 (Ubuntu)", "1.18.0"}},
	},
	{
		kind: "http.server", literal: "openresty", pattern: `^openresty(?:/(?P<v>\d+(?:\.\d+)+))?$`, product: "OpenResty", cpe: "openresty:openresty",
		samples: []sample{{"openresty/1.21.4.1", "1.21.4.1"}, {"openresty", ""}},
	},
	{
		kind: "http.server", literal: "Tengine", pattern: `^Tengine(?:/(?P<v>\d+(?:\.\d+)+))?$`, product: "Tengine", cpe: "alibaba:tengine",
		samples: []sample{{"Tengine/2.3.3", "2.3.3"}},
	},
	{
		kind: "http.server", literal: "Apache", pattern: `^Apache(?:/(?P<v>\d+\.\d+\.\d+))?(?: \((?P<os>[^)]+)\))?(?: .*)?$`, product: "Apache httpd", cpe: "apache:http_server",
		samples: []sample{{"Apache/2.4.71 (Debian)", "2.4.71"}, {"Apache", ""}, {"Apache/2.4.6 (CentOS) OpenSSL/1.0.2k-fips PHP/5.4.16", "2.4.6"}, {"Apache/2.4.58 (Win64) OpenSSL/3.1.3", "2.4.58"}},
	},
	{
		kind: "http.server", literal: "Apache/", pattern: `^Apache/2(?:\.\d+)?(?: \((?P<os>[^)]+)\))?$`, product: "Apache httpd", cpe: "apache:http_server",
		samples: []sample{{"Apache/2.4", ""}, {"Apache/2 (Ubuntu)", ""}},
	},
	{
		kind: "http.server", literal: "Apache-Coyote", pattern: `^Apache-Coyote/`, product: "Apache Tomcat", cpe: "apache:tomcat",
		samples: []sample{{"Apache-Coyote/1.1", ""}},
	},
	{
		kind: "http.server", literal: "lighttpd", pattern: `^lighttpd(?:/(?P<v>\d+(?:\.\d+)+))?`, product: "lighttpd", cpe: "lighttpd:lighttpd",
		samples: []sample{{"lighttpd/1.4.69", "1.4.69"}, {"lighttpd", ""}},
	},
	{
		kind: "http.server", literal: "Microsoft-IIS", pattern: `^Microsoft-IIS(?:/(?P<v>\d+\.\d+))?$`, product: "Microsoft IIS", cpe: "microsoft:internet_information_services", os: "Windows",
		samples: []sample{{"Microsoft-IIS/10.0", "10.0"}},
	},
	{
		kind: "http.server", literal: "Microsoft-HTTPAPI", pattern: `^Microsoft-HTTPAPI/(?P<v>\d+\.\d+)$`, product: "Microsoft HTTPAPI", os: "Windows",
		samples: []sample{{"Microsoft-HTTPAPI/2.0", "2.0"}},
	},
	{
		kind: "http.server", literal: "Kestrel", pattern: `^(?:Microsoft-)?Kestrel$`, product: "Microsoft Kestrel",
		samples: []sample{{"Kestrel", ""}},
	},
	{
		kind: "http.server", literal: "mini_httpd", pattern: `^mini_httpd/(?P<v>\d+\.\d+)`, product: "mini_httpd", cpe: "acme:mini-httpd",
		samples: []sample{{"mini_httpd/1.30 26Oct2018", "1.30"}},
	},
	{
		kind: "http.server", literal: "thttpd", pattern: `^thttpd/(?P<v>\d+\.\d+[a-z]?)`, product: "thttpd", cpe: "acme:thttpd",
		samples: []sample{{"thttpd/2.29 23May2018", "2.29"}, {"thttpd/2.25b 29dec2003", "2.25b"}},
	},
	{
		kind: "http.server", literal: "tinyproxy", pattern: `^tinyproxy(?:/(?P<v>\d+(?:\.\d+)+))?`, product: "tinyproxy", cpe: "tinyproxy_project:tinyproxy",
		samples: []sample{{"tinyproxy/1.11.1", "1.11.1"}},
	},
	{
		kind: "http.server", literal: "squid", pattern: `^squid(?:/(?P<v>\d+(?:\.\d+)+))?`, product: "Squid", cpe: "squid-cache:squid",
		samples: []sample{{"squid/5.7", "5.7"}, {"squid", ""}},
	},
	{
		kind: "http.server", literal: "privoxy", pattern: `^[Pp]?privoxy(?:/(?P<v>\d+(?:\.\d+)+))?`, product: "Privoxy", cpe: "privoxy:privoxy",
		samples: []sample{{"privoxy/3.0.33", "3.0.33"}},
	},
	{
		kind: "http.server", literal: "CUPS/", pattern: `^CUPS/\d+\.\d+ IPP/`, product: "CUPS", cpe: "openprinting:cups",
		samples: []sample{{"CUPS/2.4 IPP/2.1", ""}},
	},
	{
		kind: "http.server", literal: "CUPS/", pattern: `^CUPS/(?P<v>\d+\.\d+\.\d+)`, product: "CUPS", cpe: "openprinting:cups",
		samples: []sample{{"CUPS/2.4.2", "2.4.2"}},
	},
	{
		kind: "http.server", literal: "Jetty", pattern: `^Jetty\((?P<v>\d+\.\d+\.\d+[0-9A-Za-z.]*)\)`, product: "Eclipse Jetty", cpe: "eclipse:jetty",
		samples: []sample{{"Jetty(9.4.48.v20220622)", "9.4.48.v20220622"}, {"Jetty(11.0.15)", "11.0.15"}},
	},
	{
		kind: "http.server", literal: "Caddy", pattern: `^Caddy$`, product: "Caddy", cpe: "caddyserver:caddy",
		samples: []sample{{"Caddy", ""}},
	},
	{
		kind: "http.server", literal: "gunicorn", pattern: `^gunicorn(?:/(?P<v>\d+(?:\.\d+)+))?$`, product: "Gunicorn", cpe: "gunicorn:gunicorn",
		samples: []sample{{"gunicorn/20.1.0", "20.1.0"}, {"gunicorn", ""}},
	},
	{
		kind: "http.server", literal: "Werkzeug", pattern: `^Werkzeug/(?P<v>\d+(?:\.\d+)+)`, product: "Werkzeug", cpe: "palletsprojects:werkzeug",
		samples: []sample{{"Werkzeug/2.2.2 Python/3.11.2", "2.2.2"}},
	},
	{
		kind: "http.server", literal: "uvicorn", pattern: `^uvicorn$`, product: "Uvicorn", cpe: "encode:uvicorn",
		samples: []sample{{"uvicorn", ""}},
	},
	{
		kind: "http.server", literal: "hypercorn", pattern: `^hypercorn-h\d`, product: "Hypercorn",
		samples: []sample{{"hypercorn-h11", ""}},
	},
	{
		kind: "http.server", literal: "TornadoServer", pattern: `^TornadoServer/(?P<v>\d+(?:\.\d+)+)`, product: "Tornado", cpe: "tornadoweb:tornado",
		samples: []sample{{"TornadoServer/6.2", "6.2"}},
	},
	{
		kind: "http.server", literal: "aiohttp", pattern: `^Python/\d+\.\d+ aiohttp/(?P<v>\d+(?:\.\d+)+)`, product: "aiohttp", cpe: "aiohttp:aiohttp",
		samples: []sample{{"Python/3.11 aiohttp/3.8.4", "3.8.4"}},
	},
	{
		kind: "http.server", literal: "HTTP/0.6 Python", pattern: `^(?:Simple|Base)HTTP/0\.6 Python/(?P<v>\d+(?:\.\d+)+)`, product: "Python http.server", cpe: "python:python",
		samples: []sample{{"SimpleHTTP/0.6 Python/3.11.2", "3.11.2"}, {"BaseHTTP/0.6 Python/3.9.2", "3.9.2"}},
	},
	{
		kind: "http.server", literal: "CherryPy", pattern: `^CherryPy/(?P<v>\d+(?:\.\d+)+)`, product: "CherryPy", cpe: "cherrypy:cherrypy",
		samples: []sample{{"CherryPy/18.8.0", "18.8.0"}},
	},
	{
		kind: "http.server", literal: "waitress", pattern: `^waitress$`, product: "Waitress", cpe: "agendaless:waitress",
		samples: []sample{{"waitress", ""}},
	},
	{
		kind: "http.server", literal: "WEBrick", pattern: `^WEBrick/(?P<v>\d+(?:\.\d+)+)`, product: "WEBrick", cpe: "ruby-lang:webrick",
		samples: []sample{{"WEBrick/1.7.0 (Ruby/3.0.2/2021-07-07)", "1.7.0"}},
	},
	{
		kind: "http.server", literal: "Phusion Passenger", pattern: `Phusion Passenger(?:\(R\))? (?P<v>\d+(?:\.\d+)+)`, product: "Phusion Passenger", cpe: "phusion:passenger",
		samples: []sample{{"Phusion Passenger(R) 6.0.15", "6.0.15"}},
	},
	{
		kind: "http.server", literal: "Cowboy", pattern: `^[Cc]owboy$`, product: "Cowboy", cpe: "ninenines:cowboy",
		samples: []sample{{"Cowboy", ""}},
	},
	{
		kind: "http.server", literal: "MochiWeb", pattern: `^MochiWeb/(?P<v>\d+(?:\.\d+)+)`, product: "MochiWeb",
		samples: []sample{{"MochiWeb/1.0 (Any of you quaids got a smint?)", "1.0"}},
	},
	{
		kind: "http.server", literal: "CouchDB", pattern: `^CouchDB/(?P<v>\d+(?:\.\d+)+)`, product: "Apache CouchDB", cpe: "apache:couchdb",
		samples: []sample{{"CouchDB/3.2.2 (Erlang OTP/23)", "3.2.2"}},
	},
	{
		kind: "http.server", literal: "LiteSpeed", pattern: `^LiteSpeed(?:/(?P<v>\d+(?:\.\d+)+))?`, product: "LiteSpeed", cpe: "litespeedtech:litespeed_web_server",
		samples: []sample{{"LiteSpeed", ""}, {"LiteSpeed/5.4 Enterprise", "5.4"}},
	},
	{
		kind: "http.server", literal: "h2o/", pattern: `^h2o/(?P<v>\d+(?:\.\d+)+)`, product: "H2O", cpe: "h2o_project:h2o",
		samples: []sample{{"h2o/2.2.6", "2.2.6"}},
	},
	{
		kind: "http.server", literal: "Cherokee", pattern: `^Cherokee/(?P<v>\d+(?:\.\d+)+)`, product: "Cherokee", cpe: "cherokee-project:cherokee",
		samples: []sample{{"Cherokee/1.2.104 (Debian)", "1.2.104"}},
	},
	{
		kind: "http.server", literal: "Hiawatha", pattern: `^Hiawatha v(?P<v>\d+(?:\.\d+)+)`, product: "Hiawatha", cpe: "hiawatha-webserver:hiawatha",
		samples: []sample{{"Hiawatha v10.11", "10.11"}},
	},
	{
		kind: "http.server", literal: "Boa/", pattern: `^Boa/(?P<v>\d+(?:\.\d+)+(?:rc\d+)?)`, product: "Boa", cpe: "boa:boa",
		samples: []sample{{"Boa/0.94.14rc21", "0.94.14rc21"}},
	},
	{
		kind: "http.server", literal: "GoAhead", pattern: `^GoAhead-(?:Webs|http)`, product: "GoAhead", cpe: "embedthis:goahead",
		samples: []sample{{"GoAhead-Webs", ""}},
	},
	{
		kind: "http.server", literal: "RomPager", pattern: `RomPager/(?P<v>\d+(?:\.\d+)+)`, product: "RomPager", cpe: "allegrosoft:rompager",
		samples: []sample{{"RomPager/4.07 UPnP/1.0", "4.07"}, {"Allegro-Software-RomPager/4.34", "4.34"}},
	},
	{
		kind: "http.server", literal: "WildFly", pattern: `^WildFly/(?P<v>\d+)`, product: "WildFly", cpe: "redhat:wildfly",
		samples: []sample{{"WildFly/10", "10"}},
	},
	{
		kind: "http.server", literal: "GlassFish", pattern: `GlassFish Server(?: Open Source Edition)? +(?P<v>\d+(?:\.\d+)+)`, product: "GlassFish", cpe: "oracle:glassfish_server",
		samples: []sample{{"GlassFish Server Open Source Edition  5.0.1 ", "5.0.1"}},
	},
	{
		kind: "http.server", literal: "WebLogic", pattern: `^WebLogic(?: Server)?(?: (?P<v>\d+(?:\.\d+)+))?`, product: "Oracle WebLogic Server", cpe: "oracle:weblogic_server",
		samples: []sample{{"WebLogic Server 8.1", "8.1"}},
	},
	{
		kind: "http.server", literal: "ATS/", pattern: `^ATS/(?P<v>\d+(?:\.\d+)+)`, product: "Apache Traffic Server", cpe: "apache:traffic_server",
		samples: []sample{{"ATS/9.1.3", "9.1.3"}},
	},
	{
		kind: "http.server", literal: "envoy", pattern: `^envoy$`, product: "Envoy", cpe: "envoyproxy:envoy",
		samples: []sample{{"envoy", ""}},
	},
	{
		kind: "http.server", literal: "kong/", pattern: `^kong/(?P<v>\d+(?:\.\d+)+)`, product: "Kong Gateway", cpe: "konghq:kong_gateway",
		samples: []sample{{"kong/2.8.1", "2.8.1"}},
	},
	{
		kind: "http.server", literal: "MinIO", pattern: `^MinIO$`, product: "MinIO", cpe: "minio:minio",
		samples: []sample{{"MinIO", ""}},
	},
	{
		kind: "http.server", literal: "Docker/", pattern: `^Docker/(?P<v>\d+\.\d+\.\d+[0-9A-Za-z.+-]*) \((?P<os>[a-z]+)\)`, product: "Docker Engine", cpe: "docker:docker",
		samples: []sample{{"Docker/20.10.24+dfsg1 (linux)", "20.10.24+dfsg1"}},
	},
	{
		kind: "http.server", literal: "MiniServ", pattern: `^MiniServ/(?P<v>\d+\.\d+)`, product: "Webmin MiniServ", cpe: "webmin:webmin",
		samples: []sample{{"MiniServ/1.981", "1.981"}},
	},
	{
		kind: "http.server", literal: "Splunkd", pattern: `^Splunkd$`, product: "Splunkd", cpe: "splunk:splunk",
		samples: []sample{{"Splunkd", ""}},
	},
	{
		kind: "http.server", literal: "Zope/", pattern: `^Zope/\((?:Zope )?(?P<v>\d+(?:\.\d+)+)`, product: "Zope", cpe: "zope:zope",
		samples: []sample{{"Zope/(2.13.29, python 2.7.16, linux2) ZServer/1.1", "2.13.29"}},
	},
	{
		kind: "http.server", literal: "micro_httpd", pattern: `^micro_httpd$`, product: "micro_httpd", cpe: "acme:micro_httpd",
		samples: []sample{{"micro_httpd", ""}},
	},
	{
		kind: "http.server", literal: "cloudflare", pattern: `^cloudflare$`, product: "Cloudflare",
		samples: []sample{{"cloudflare", ""}},
	},
	{
		kind: "http.via", literal: "arnish", pattern: `(?i)\bvarnish(?: \(Varnish/\d+\.\d+\))?`, product: "Varnish", cpe: "varnish-software:varnish_cache",
		samples: []sample{{"1.1 varnish (Varnish/7.1)", ""}, {"1.1 varnish", ""}},
	},
	{
		kind: "http.via", literal: "squid", pattern: `\(squid/(?P<v>\d+(?:\.\d+)+)\)`, product: "Squid", cpe: "squid-cache:squid",
		samples: []sample{{"1.1 proxy.test (squid/5.7)", "5.7"}},
	},
}

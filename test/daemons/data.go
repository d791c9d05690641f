//go:build unix

package daemons

import "github.com/harrier-scan/harrier"

var databases = []Daemon{
	{
		Package: "redis-server", Binary: "redis-server", Args: "{D}/config",
		Config: `bind {A}
port {P}
tls-port {Q}
tls-cert-file {D}/cert.pem
tls-key-file {D}/key.pem
tls-auth-clients no
save ""
dir {D}
{+}
`,
		Flawed: Variant{Config: "protected-mode no", Ports: []Port{
			{"P", 6379, harrier.TCP, "redis", false, "Redis", true, []harrier.VulnID{900001}},
			{"Q", 6380, harrier.TCP, "redis", true, "Redis", true, []harrier.VulnID{42981, 51192, 57582, 900001}},
		}},
		// That a password is needed is said by Redis and by its forks alike.
		Fixed: &Variant{Config: "requirepass geheim", Certificate: Trusted, Ports: []Port{
			{"P", 6379, harrier.TCP, "redis", false, "", false, nil},
			{"Q", 6380, harrier.TCP, "redis", true, "", false, nil},
		}},
	},
	{
		Package: "memcached", Binary: "memcached", Args: "-u nobody -l {A} -p {P} -U 0",
		Flawed: Variant{Ports: tcp(11211, "memcached", "Memcached", true, 900002)},
		Fixed:  &Variant{Prepare: "echo a:b >{D}/users", Args: "-Y {D}/users", Ports: tcp(11211, "memcached", "Memcached", false)},
	},
	{
		Package: "postgresql-{PG}", Binary: "/usr/lib/postgresql/{PG}/bin/postgres", User: "postgres", Args: "-D {D}/data -h {A} -p {P} -k {D} -F",
		Prepare: "/usr/lib/postgresql/{PG}/bin/initdb -D {D}/data -A scram-sha-256 -N --pwfile=/dev/stdin <<< secret",
		Flawed: Variant{
			Prepare: "echo host all all 0.0.0.0/0 trust >{D}/data/pg_hba.conf",
			Ports:   tcp(5432, "postgresql", "PostgreSQL", true, 900005), // who is let in is told
		},
		Fixed: &Variant{
			Prepare: "echo host all all 0.0.0.0/0 scram-sha-256 >{D}/data/pg_hba.conf",
			Ports:   tcp(5432, "postgresql", "PostgreSQL", false),
		},
	},
	{
		Package: "mariadb-server", Binary: "mariadbd", User: "mysql",
		Args:    "--no-defaults --datadir={D}/data --bind-address={A} --port={P} --socket={D}/s --pid-file={D}/pid",
		Prepare: "mariadb-install-db --no-defaults --datadir={D}/data --skip-test-db --auth-root-authentication-method=normal",
		// A server greets only hosts that some account may come from.
		Flawed: Variant{
			After: `mariadb --no-defaults -u root -S {D}/s -e "create user root@'%' identified by ''"`,
			Ports: tcp(3306, "mysql", "MariaDB", true, 10481),
		},
		Fixed: &Variant{
			After: `mariadb --no-defaults -u root -S {D}/s -e "create user harrier@'%' identified by 'geheim'; alter user root@localhost identified by 'geheim'"`,
			Ports: tcp(3306, "mysql", "MariaDB", true),
		},
	},
	{
		Package: "etcd-server", Binary: "etcd",
		Args:   "--data-dir {D}/data --listen-client-urls http://{A}:{P} --advertise-client-urls http://{A}:{P} --listen-peer-urls http://{A}:{Q} --initial-advertise-peer-urls http://{A}:{Q} --initial-cluster default=http://{A}:{Q}",
		Flawed: Variant{Ports: etcdPorts(900105)},
		Fixed:  &Variant{After: etcdUsers, Ports: etcdPorts()},
	},
}

// etcdPorts are those for clients and for peers; both tell the version.
func etcdPorts(findings ...harrier.VulnID) []Port {
	return []Port{
		{"P", 2379, harrier.TCP, "http", false, "etcd", true, findings},
		{"Q", 2380, harrier.TCP, "http", false, "etcd", true, nil},
	}
}

// etcdUsers turns authentication on.
const etcdUsers = `set -e
post() {
 exec 3<>/dev/tcp/{A}/{P}
 printf 'POST %s HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s' "$1" "${#2}" "$2" >&3
 grep -q ' 200 ' <&3
 exec 3>&-
}
post /v3/auth/user/add '{"name":"root","password":"geheim"}'
post /v3/auth/role/add '{"name":"root"}'
post /v3/auth/user/grant '{"user":"root","role":"root"}'
post /v3/auth/enable '{}'`

var brokers = []Daemon{
	{
		Package: "mosquitto", Binary: "mosquitto", Args: "-c {D}/config", Config: "listener {P} {A}\nuser root\n{+}\n",
		Flawed: Variant{Config: "allow_anonymous true", Ports: tcp(1883, "mqtt", "Mosquitto", true, 900101)},
		// A broker that refuses the sign-in says nothing of itself.
		Fixed: &Variant{
			Config: "allow_anonymous false\npassword_file {D}/users", Prepare: "mosquitto_passwd -c -b {D}/users a geheim",
			Ports: tcp(1883, "mqtt", "", false),
		},
	},
	{
		Package: "nats-server", Binary: "nats-server", Args: "-a {A} -p {P}",
		Flawed: Variant{Ports: tcp(4222, "nats", "NATS", true, 900102)},
		Fixed:  &Variant{Args: "--user a --pass geheim", Ports: tcp(4222, "nats", "NATS", true)},
	},
	{
		Package: "rabbitmq-server", Binary: "/usr/lib/rabbitmq/bin/rabbitmq-server", User: "rabbitmq",
		Config: "listeners.tcp.1 = {A}:{P}\ndistribution.listener.interface = 127.0.0.1\ndistribution.listener.port_range.min = {Q}\ndistribution.listener.port_range.max = {Q}\n",
		Beside: "epmd", // its own would outlive the test
		Env: `HOME={D}
RABBITMQ_NODENAME=harrier{X}@localhost
RABBITMQ_CONFIG_FILE={D}/config
RABBITMQ_MNESIA_BASE={D}/m
RABBITMQ_LOG_BASE={D}/l
RABBITMQ_ENABLED_PLUGINS_FILE={D}/plugins
RABBITMQ_PID_FILE={D}/pid
ERL_FLAGS=+S 1:1
ERL_EPMD_PORT={R}
ERL_EPMD_ADDRESS={A}`,
		Flawed: Variant{Ports: []Port{
			{"P", 5672, harrier.TCP, "amqp", false, "RabbitMQ", true, nil},
			{"R", 4369, harrier.TCP, "epmd", false, "Erlang Port Mapper Daemon", false, nil},
		}},
	},
}

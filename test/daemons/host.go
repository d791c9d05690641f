//go:build unix

package daemons

import "github.com/harrier-scan/harrier"

// directories serve names, entries and files.
var directories = []Daemon{
	{
		Package: "bind9", Binary: "named", Args: "-g -c {D}/config",
		Prepare: `printf '$TTL 60\n@ SOA a.root. b.root. 1 60 60 60 60\n@ NS a.root.\na.root. A {A}\n' >{D}/root`,
		Config: `options { directory "{D}"; listen-on port {P} { {A}; }; listen-on-v6 { none; }; pid-file none; session-keyfile none; dnssec-validation no; {+} };
controls { };
zone "." { type master; file "root"; };`,
		Flawed: Variant{Config: "recursion yes; allow-recursion { any; };", Ports: []Port{
			{"P", 53, harrier.TCP, "dns", false, "ISC BIND", true, []harrier.VulnID{10028, 10539}},
			{"P", 53, harrier.UDP, "dns", false, "ISC BIND", true, []harrier.VulnID{10028, 10539}},
		}},
		Fixed: &Variant{Config: `recursion no; version none; hostname none; server-id none;`, Ports: []Port{
			{"P", 53, harrier.TCP, "dns", false, "", false, nil},
			{"P", 53, harrier.UDP, "dns", false, "", false, nil},
		}},
	},
	{
		Package: "slapd", Binary: "slapd", Args: "-d 0 -h ldap://{A}:{P} -f {D}/config",
		Prepare: `mkdir {D}/db; printf 'dn: dc=bench\nobjectClass: dcObject\nobjectClass: organization\no: x\ndc: bench\n\ndn: ou=people,dc=bench\nobjectClass: organizationalUnit\nou: people\n' | slapadd -f {D}/config`,
		Config: `include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {D}/pid
access to dn.base="" by * read
database mdb
suffix "dc=bench"
rootdn "cn=admin,dc=bench"
directory {D}/db
access to * {+}
`,
		Flawed: Variant{Config: "by * read", Ports: tcp(389, "ldap", "OpenLDAP", false, 900108)},
		Fixed:  &Variant{Config: "by users read by anonymous auth", Ports: tcp(389, "ldap", "OpenLDAP", false)},
	},
	{
		Package: "snmpd", Binary: "snmpd", Args: "-f -Lf {D}/log -C -c {D}/config -p {D}/pid -I -smux", Config: "agentaddress udp:{A}:{P}\nrocommunity {+}\n",
		Flawed: Variant{Config: "public", Ports: []Port{{"P", 161, harrier.UDP, "snmp", false, "net-snmp", false, []harrier.VulnID{41028}}}},
		// It ignores other communities, but names its engine to who asks by version 3.
		Fixed: &Variant{Config: "geheim", Ports: []Port{{"P", 161, harrier.UDP, "snmp", false, "net-snmp", false, nil}}},
	},
	{
		Package: "rsync", Binary: "rsync", Args: "--daemon --no-detach --config={D}/config --port={P} --address={A}", Config: "use chroot=no\n[pub]\n path={D}\n{+}\n",
		Flawed: Variant{Ports: tcp(873, "rsync", "rsync", false, 900107)},
		Fixed: &Variant{
			Config: " auth users=a\n secrets file={D}/secrets", Prepare: "echo a:geheim >{D}/secrets; chmod 600 {D}/secrets",
			Ports: tcp(873, "rsync", "rsync", false),
		},
	},
	{
		Package: "samba", Binary: "smbd", Args: "-F --no-process-group -s {D}/config", Prepare: "mkdir {D}/p {D}/l {D}/c {D}/s {D}/n",
		Config: `[global]
 interfaces={A}/32
 bind interfaces only=yes
 smb ports = {P}
 private dir={D}/p
 lock directory={D}/l
 cache directory={D}/c
 state directory={D}/s
 pid directory={D}/p
 ncalrpc dir={D}/n
 log file={D}/log
 server role=standalone server
 map to guest=Bad User
 disable netbios=yes
 {+}
`,
		Flawed: Variant{Config: "server min protocol=NT1", Ports: tcp(445, "smb", "Samba smbd", true, 57608, 96982)},
		Fixed:  &Variant{Config: "server signing=mandatory", Ports: tcp(445, "smb", "Samba smbd", false)},
	},
}

// logins let people in.
var logins = []Daemon{
	{
		Package: "openssh-server", Binary: "/usr/sbin/sshd", Args: "-D -e -f /dev/null -h {D}/hostkey -o ListenAddress={A}:{P} -o PidFile=none -o UsePAM=no",
		Prepare: "ssh-keygen -q -t ed25519 -N '' -f {D}/hostkey; mkdir -p /run/sshd",
		Flawed: Variant{
			Args:  "-o Ciphers=+aes128-cbc,3des-cbc -o MACs=+hmac-md5,hmac-sha1-96 -o KexAlgorithms=+diffie-hellman-group1-sha1,diffie-hellman-group14-sha1",
			Ports: tcp(22, "ssh", "OpenSSH", true, 70658, 71049, 149334, 153588, 153953),
		},
		Fixed: &Variant{
			Args:  "-o Ciphers=aes256-gcm@openssh.com,aes256-ctr -o MACs=hmac-sha2-256-etm@openssh.com -o KexAlgorithms=curve25519-sha256 -o PasswordAuthentication=no -o KbdInteractiveAuthentication=no",
			Ports: tcp(22, "ssh", "OpenSSH", true),
		},
	},
	{
		Package: "vsftpd", Binary: "vsftpd", Args: "{D}/config", Prepare: "mkdir {D}/empty",
		Config: `listen=YES
listen_ipv6=NO
listen_address={A}
listen_port={P}
secure_chroot_dir={D}/empty
background=NO
seccomp_sandbox=NO
local_enable=YES
{+}
`,
		Flawed: Variant{Config: "anonymous_enable=YES", Ports: tcp(21, "ftp", "vsftpd", true, 10079, 34324)},
		Fixed: &Variant{
			Config: "anonymous_enable=NO\nssl_enable=YES\nforce_local_logins_ssl=YES\nforce_local_data_ssl=YES\nrsa_cert_file={D}/cert.pem\nrsa_private_key_file={D}/key.pem", Certificate: Trusted,
			Ports: tcp(21, "ftp", "vsftpd", true),
		},
	},
	{
		Package: "tigervnc-standalone-server", Binary: "Xtigervnc", Args: ":{X} -rfbport {P} -interface {A} -ac -nolisten tcp -geometry 320x240 -BlacklistThreshold 1000",
		Flawed: Variant{Args: "-SecurityTypes None", Ports: tcp(5901, "vnc", "", false, 26925)},
		Fixed:  &Variant{Args: "-SecurityTypes VncAuth -PasswordFile {D}/secret", Prepare: "echo -n 12345678 >{D}/secret", Ports: tcp(5901, "vnc", "", false)},
	},
}

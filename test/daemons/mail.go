//go:build unix

package daemons

import "github.com/harrier-scan/harrier"

var mailServers = []Daemon{
	{
		Package: "dovecot-imapd", Binary: "dovecot", Args: "-F -c {D}/config",
		Config: `protocols = imap pop3
listen = {A}
base_dir={D}/run
state_dir={D}/state
log_path={D}/log
ssl=yes
ssl_cert=<{D}/cert.pem
ssl_key=<{D}/key.pem
mail_location=maildir:/tmp/none
{+}
service imap-login {
  inet_listener imap {
    port = {P}
  }
  inet_listener imaps {
    port = {Q}
    ssl = yes
  }
}
service pop3-login {
  inet_listener pop3 {
    port = {R}
  }
  inet_listener pop3s {
    port = 0
  }
}
passdb {
  driver=static
  args=nopassword=n
}
userdb {
  driver=static
  args=uid=nobody gid=nogroup home=/tmp
}
`,
		Flawed: Variant{Config: "disable_plaintext_auth=no", Ports: []Port{
			{"P", 143, harrier.TCP, "imap", false, "Dovecot imapd", false, []harrier.VulnID{42981, 51192, 57582, 900201}},
			{"Q", 993, harrier.TCP, "imap", true, "Dovecot imapd", false, []harrier.VulnID{42981, 51192, 57582}},
			{"R", 110, harrier.TCP, "pop3", false, "Dovecot pop3d", false, []harrier.VulnID{15855, 42981, 51192, 57582}},
		}},
		Fixed: &Variant{Config: "disable_plaintext_auth=yes", Certificate: Trusted, Ports: []Port{
			{"P", 143, harrier.TCP, "imap", false, "Dovecot imapd", false, nil},
			{"Q", 993, harrier.TCP, "imap", true, "Dovecot imapd", false, nil},
			{"R", 110, harrier.TCP, "pop3", false, "Dovecot pop3d", false, nil},
		}},
	},
	{
		Package: "exim4-daemon-light", Binary: "exim4", Args: "-bdf -C {D}/config", Prepare: "mkdir {D}/spool; chown -R Debian-exim {D}/spool; chgrp Debian-exim {D}/key.pem",
		Config: `primary_hostname=target.test
spool_directory={D}/spool
log_file_path={D}/spool/%slog
exim_user=Debian-exim
exim_group=Debian-exim
local_interfaces=<; {A}.{P}
domainlist d=
acl_smtp_rcpt=deny
{+}
 driver=plaintext
 public_name=PLAIN
 server_prompts=:
 server_condition=false
begin acl
begin routers
begin transports
`,
		Flawed: Variant{Config: "tls_advertise_hosts=\nbegin authenticators\nplain:", Ports: tcp(25, "smtp", "Exim smtpd", true, 54582)},
		Fixed: &Variant{
			Config:      "tls_advertise_hosts=*\ntls_certificate={D}/cert.pem\ntls_privatekey={D}/key.pem\ntls_require_ciphers=NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2\nbegin authenticators\nplain:\n server_advertise_condition=${if def:tls_in_cipher}",
			Certificate: Trusted, Ports: tcp(25, "smtp", "Exim smtpd", true),
		},
	},
}

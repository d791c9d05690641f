#!/usr/bin/env bash
# Real network services from Debian packages, in a tree of their own and in a
# network namespace of their own, for bench/services.
#
#   services.sh install DIR             the tree: an overlay over /, packages installed in it; the system stays as it is
#   services.sh start DIR ADDRESS       what could be installed, listening on ADDRESS; run it in the namespace
#   services.sh stop DIR                likewise
#   services.sh remove DIR
#
# Needs root and Debian 12. What can not be installed is left out, and said.
set -uo pipefail

packages=(
  nginx-light apache2-bin lighttpd mini-httpd tinyproxy-bin squid haproxy varnish tomcat10 openssh-server dropbear-bin
  postfix dovecot-imapd dovecot-pop3d bind9 unbound dnsmasq-base samba postgresql mariadb-server redis-server memcached mosquitto
  rabbitmq-server nats-server etcd-server zookeeper beanstalkd gearman-job-server ngircd inspircd snmpd rsync slapd cups-daemon
  stunnel4 rpcbind tigervnc-standalone-server xinetd inetutils-telnetd tftpd-hpa openssl iproute2
)
# These can not be installed beside others of their kind, or want to start: they
# are unpacked only.
unpacked=(libmemcached11 libmemcachedutil2 libpcre2-posix3 pure-ftpd vsftpd proftpd-core exim4-daemon-light)

say() { echo "services: $*" >&2; }

# in_tree runs a command in the tree.
in_tree() { chroot "$dir/tree" "$@"; }

up() {
  mountpoint -q "$dir/tree" && return
  mkdir -p "$dir"/{upper,work,tree}
  mount -t overlay overlay -o "lowerdir=/,upperdir=$dir/upper,workdir=$dir/work" "$dir/tree" || exit 1
  mount -t proc proc "$dir/tree/proc"
  mount --rbind /dev "$dir/tree/dev" && mount --make-rslave "$dir/tree/dev"
}

down() {
  for m in dev proc; do mountpoint -q "$dir/tree/$m" && umount -R -l "$dir/tree/$m"; done
  mountpoint -q "$dir/tree" && umount -l "$dir/tree"
}

install_all() {
  up
  [ -e "$dir/upper/srv/installed" ] && return
  printf '#!/bin/sh\nexit 101\n' >"$dir/tree/usr/sbin/policy-rc.d"
  chmod 755 "$dir/tree/usr/sbin/policy-rc.d"
  export DEBIAN_FRONTEND=noninteractive
  in_tree dpkg --configure -a >"$dir/install.log" 2>&1
  in_tree apt-get update -qq || say "apt-get update failed"
  if ! in_tree apt-get install -y -qq --no-install-recommends "${packages[@]}" >>"$dir/install.log" 2>&1; then
    for p in "${packages[@]}"; do
      in_tree apt-get install -y -qq --no-install-recommends "$p" >>"$dir/install.log" 2>&1 || say "$p can not be installed"
    done
  fi
  mkdir -p "$dir/tree/srv/unpacked" "$dir/tree/srv/deb"
  chmod 1777 "$dir/tree/srv/deb"
  for p in "${unpacked[@]}"; do
    in_tree sh -c "cd /srv/deb && apt-get download -qq $p" >>"$dir/install.log" 2>&1 && in_tree sh -c "dpkg -x /srv/deb/${p}_*.deb /srv/unpacked" || say "$p can not be had"
  done
  touch "$dir/tree/srv/installed"
}

# What follows runs in the tree and in the namespace. D holds the services'
# files, A is their address.
have() { command -v "$1" >/dev/null 2>&1; }
run() { local name=$1; shift; setsid "$@" >"$D/$name.log" 2>&1 </dev/null & echo $! >>"$D/pids"; }

ssh_servers() {
  mkdir -p /run/sshd
  [ -f "$D/rsa" ] || { ssh-keygen -q -t rsa -N '' -f "$D/rsa"; ssh-keygen -q -t ed25519 -N '' -f "$D/ed25519"; }
  run sshd /usr/sbin/sshd -D -e -f /dev/null -h "$D/rsa" -h "$D/ed25519" -o "ListenAddress=$A:22" -o "ListenAddress=$A:40022" -o PidFile=none -o UsePAM=no -o MaxStartups=100:30:300
  have dropbear || return
  [ -f "$D/dropbear" ] || dropbearkey -t rsa -f "$D/dropbear" >/dev/null 2>&1
  run dropbear dropbear -F -E -r "$D/dropbear" -p "$A:2223" -P "$D/dropbear.pid"
}

web_servers() {
  if have nginx; then
    cat >"$D/nginx.conf" <<C
daemon off; pid $D/nginx.pid; error_log $D/nginx.err; events {}
http {
  access_log off; root $D/www;
  server { listen $A:80; listen $A:31337; }
  server { listen $A:8443 ssl; listen $A:47443 ssl; ssl_certificate $D/tls/cert.pem; ssl_certificate_key $D/tls/key.pem; }
}
C
    run nginx nginx -c "$D/nginx.conf"
  fi
  if have apache2; then
    mkdir -p "$D/apache"
    cat >"$D/apache.conf" <<C
ServerRoot $D/apache
PidFile $D/apache/pid
ServerName target.test
ErrorLog $D/apache/err
$(for m in mpm_event authz_core ssl dir mime; do echo "LoadModule ${m}_module /usr/lib/apache2/modules/mod_$m.so"; done)
TypesConfig /etc/mime.types
DirectoryIndex index.html
User www-data
Group www-data
Listen $A:8080
Listen $A:8444
DocumentRoot $D/www
<Directory $D/www>
Require all granted
</Directory>
<VirtualHost *:8444>
SSLEngine on
SSLCertificateFile $D/tls/cert.pem
SSLCertificateKeyFile $D/tls/key.pem
</VirtualHost>
C
    run apache apache2 -D FOREGROUND -f "$D/apache.conf"
  fi
  if have lighttpd; then
    printf '%s\n' "server.document-root=\"$D/www\"" "server.bind=\"$A\"" 'server.port=8081' 'index-file.names=("index.html")' >"$D/lighttpd.conf"
    run lighttpd lighttpd -D -f "$D/lighttpd.conf"
  fi
  have mini_httpd && run mini_httpd mini_httpd -D -p 8082 -h "$A" -d "$D/www" -u nobody
  if have haproxy; then
    printf '%s\n' global ' maxconn 500' defaults ' mode http' ' timeout client 10s' ' timeout server 10s' ' timeout connect 5s' \
      'frontend f' " bind $A:8083" ' stats enable' ' stats uri /stats' >"$D/haproxy.cfg"
    run haproxy haproxy -db -f "$D/haproxy.cfg"
  fi
  if have varnishd; then
    printf 'vcl 4.1;\nbackend default { .host="%s"; .port="80"; }\n' "$A" >"$D/varnish.vcl"
    mkdir -p "$D/varnish"
    run varnish varnishd -F -a "$A:6081" -f "$D/varnish.vcl" -n "$D/varnish" -T none -s malloc,16m
  fi
  [ -d /usr/share/tomcat10 ] || return
  mkdir -p "$D"/tomcat/{conf,logs,temp,webapps/ROOT,work}
  cp /etc/tomcat10/*.xml /etc/tomcat10/*.properties "$D/tomcat/conf/"
  echo hello >"$D/tomcat/webapps/ROOT/index.html"
  cat >"$D/tomcat/conf/server.xml" <<C
<Server port="-1"><Service name="Catalina">
<Connector address="$A" port="8084" protocol="HTTP/1.1"/>
<Connector address="$A" port="8009" protocol="AJP/1.3" secretRequired="false"/>
<Engine name="Catalina" defaultHost="localhost"><Host name="localhost" appBase="webapps"/></Engine>
</Service></Server>
C
  CATALINA_BASE=$D/tomcat CATALINA_HOME=/usr/share/tomcat10 JAVA_OPTS=-Xmx128m run tomcat /usr/share/tomcat10/bin/catalina.sh run
}

proxies() {
  if have tinyproxy; then
    printf '%s\n' 'Port 8888' "Listen $A" 'User nobody' 'Timeout 60' "Allow $N" >"$D/tinyproxy.conf"
    run tinyproxy tinyproxy -d -c "$D/tinyproxy.conf"
  fi
  if have squid; then
    mkdir -p "$D/squid" && chown proxy "$D/squid"
    printf '%s\n' "http_port $A:3128" "pid_filename $D/squid/pid" "cache_log $D/squid/log" 'access_log none' "coredump_dir $D/squid" \
      'http_access deny all' 'visible_hostname target.test' 'icp_port 0' 'snmp_port 0' 'htcp_port 0' 'netdb_filename none' >"$D/squid.conf"
    run squid squid -N -f "$D/squid.conf"
  fi
}

ftp_servers() {
  if [ -x "$X/usr/sbin/vsftpd" ]; then
    mkdir -p "$D/empty"
    printf '%s\n' listen=YES "listen_address=$A" anonymous_enable=YES "secure_chroot_dir=$D/empty" background=NO seccomp_sandbox=NO >"$D/vsftpd.conf"
    run vsftpd "$X/usr/sbin/vsftpd" "$D/vsftpd.conf"
  fi
  if [ -x "$X/usr/sbin/proftpd" ]; then
    printf '%s\n' 'ServerName bench' 'ServerType standalone' "DefaultAddress $A" 'SocketBindTight on' 'Port 2121' 'User nobody' 'Group nogroup' \
      "PidFile $D/proftpd.pid" "ScoreboardFile $D/proftpd.board" 'UseIPv6 off' 'UseReverseDNS off' 'TransferLog none' "SystemLog $D/proftpd.err" 'DelayEngine off' >"$D/proftpd.conf"
    LD_LIBRARY_PATH=$X/usr/lib/$(uname -m)-linux-gnu run proftpd "$X/usr/sbin/proftpd" -n -c "$D/proftpd.conf"
  fi
  [ -x "$X/usr/sbin/pure-ftpd" ] && run pureftpd "$X/usr/sbin/pure-ftpd" -S "$A,2122" -E -l puredb:/nonexistent
}

mail_servers() {
  if [ -x "$X/usr/sbin/exim4" ]; then
    getent passwd Debian-exim >/dev/null || useradd -r Debian-exim
    mkdir -p "$D/exim" && chown -R Debian-exim "$D/exim"
    printf '%s\n' 'primary_hostname=target.test' "spool_directory=$D/exim" "log_file_path=$D/exim/%slog" 'exim_user=Debian-exim' 'exim_group=Debian-exim' \
      "local_interfaces=<; $A.2525" 'domainlist d=' 'acl_smtp_rcpt=deny' 'begin acl' 'begin routers' 'begin transports' >"$D/exim.conf"
    run exim "$X/usr/sbin/exim4" -bdf -C "$D/exim.conf"
  fi
  if have postfix; then
    mkdir -p "$D"/postfix/{conf,data,queue} && chown postfix "$D/postfix/data"
    cp /etc/postfix/master.cf "$D/postfix/conf/" 2>/dev/null || cp /usr/share/postfix/master.cf.dist "$D/postfix/conf/master.cf"
    sed -i 's/^smtp  *inet.*/smtp inet n - n - - smtpd/; s/^\(\S\+ \+\(unix\|inet\) \+\S\+ \+\S\+ \+\)y/\1n/' "$D/postfix/conf/master.cf"
    printf '%s\n' compatibility_level=3.6 "queue_directory=$D/postfix/queue" "data_directory=$D/postfix/data" command_directory=/usr/sbin daemon_directory=/usr/lib/postfix/sbin \
      mail_owner=postfix myhostname=target.test "inet_interfaces=$A" mynetworks=127.0.0.0/8 "smtpd_tls_cert_file=$D/tls/cert.pem" "smtpd_tls_key_file=$D/tls/key.pem" \
      smtpd_tls_security_level=may maillog_file=/dev/stdout inet_protocols=ipv4 >"$D/postfix/conf/main.cf"
    run postfix sh -c "postfix -c $D/postfix/conf start; sleep 100000"
  fi
  have dovecot || return
  cat >"$D/dovecot.conf" <<C
protocols = imap pop3
listen = $A
base_dir = $D/dovecot
state_dir = $D/dovecot
log_path = $D/dovecot.err
ssl = yes
ssl_cert = <$D/tls/cert.pem
ssl_key = <$D/tls/key.pem
mail_location = maildir:/tmp/none
passdb {
  driver = static
  args = nopassword=n
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=/tmp
}
C
  run dovecot dovecot -F -c "$D/dovecot.conf"
}

name_servers() {
  if have named; then
    mkdir -p "$D/named" && chown bind "$D/named"
    echo "options { directory \"$D/named\"; listen-on port 53 { $A; }; listen-on-v6 { none; }; recursion no; pid-file none; session-keyfile none; dnssec-validation no; }; controls { };" >"$D/named.conf"
    run named named -g -u bind -c "$D/named.conf"
  fi
  if have unbound; then
    printf '%s\n' server: " interface: $A" ' port: 5353' ' do-daemonize: no' ' use-syslog: no' ' chroot: ""' ' pidfile: ""' ' username: ""' " access-control: $N allow" \
      remote-control: ' control-enable: no' >"$D/unbound.conf"
    run unbound unbound -d -c "$D/unbound.conf"
  fi
  have dnsmasq && run dnsmasq dnsmasq -k -p 5354 -a "$A" -z -R -h -C /dev/null --pid-file= -u nobody
}

file_servers() {
  if have smbd; then
    mkdir -p "$D"/smb/{p,l,c,s,n}
    printf '%s\n' '[global]' " interfaces=$A/32" ' bind interfaces only=no' " private dir=$D/smb/p" " lock directory=$D/smb/l" " cache directory=$D/smb/c" " state directory=$D/smb/s" \
      " pid directory=$D/smb/p" " ncalrpc dir=$D/smb/n" " log file=$D/smb/log" ' server role=standalone server' ' map to guest=Bad User' ' disable netbios=no' '[pub]' " path=$D/www" ' guest ok=yes' >"$D/smb.conf"
    run smbd smbd -F --no-process-group -s "$D/smb.conf"
  fi
  if have rsync; then
    printf '%s\n' "address=$A" 'use chroot=no' '[pub]' " path=$D/www" >"$D/rsyncd.conf"
    run rsync rsync --daemon --no-detach "--config=$D/rsyncd.conf" --port=873
  fi
  have in.tftpd && run tftpd in.tftpd -L -a "$A:69" -s "$D/www"
  if have slapd; then
    mkdir -p "$D/ldap" && chown openldap "$D/ldap"
    printf '%s\n' 'include /etc/ldap/schema/core.schema' 'modulepath /usr/lib/ldap' 'moduleload back_mdb' "pidfile $D/ldap/pid" 'database mdb' 'suffix "dc=bench"' 'rootdn "cn=admin,dc=bench"' 'rootpw secret' "directory $D/ldap" >"$D/slapd.conf"
    run slapd slapd -d 0 -h "ldap://$A:389" -u openldap -g openldap -f "$D/slapd.conf"
  fi
  have cupsd || return
  mkdir -p "$D"/cups/{etc,spool,cache,run,state}
  printf '%s\n' "Listen $A:631" "Listen 127.0.0.1:631" 'ServerName target.test' 'ServerAlias *' '<Location />' 'Order allow,deny' 'Allow all' '</Location>' >"$D/cups/cupsd.conf"
  printf '%s\n' "ServerRoot $D/cups/etc" "RequestRoot $D/cups/spool" "CacheDir $D/cups/cache" "StateDir $D/cups/state" 'ServerBin /usr/lib/cups' 'DataDir /usr/share/cups' 'ErrorLog stderr' "AccessLog $D/cups/access" "PageLog $D/cups/page" >"$D/cups/cups-files.conf"
  run cups cupsd -f -c "$D/cups/cupsd.conf" -s "$D/cups/cups-files.conf"
}

databases() {
  local pg
  pg=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)
  if [ -n "$pg" ]; then
    mkdir -p "$D/pg" && chown postgres "$D/pg"
    [ -f "$D/pg/d/PG_VERSION" ] || setpriv --reuid=postgres --regid=postgres --init-groups "$pg/initdb" -D "$D/pg/d" -A trust >/dev/null 2>&1
    run postgres setpriv --reuid=postgres --regid=postgres --clear-groups "$pg/postgres" -D "$D/pg/d" -h "$A" -p 5432 -k "$D/pg"
  fi
  if have mariadbd; then
    mkdir -p "$D/my" && chown mysql "$D/my"
    [ -d "$D/my/d/mysql" ] || mariadb-install-db --no-defaults --user=mysql --datadir="$D/my/d" --skip-test-db >/dev/null 2>&1
    run mariadb mariadbd --no-defaults --user=mysql --datadir="$D/my/d" --bind-address="$A" --port=3306 --socket="$D/my/s" --pid-file="$D/my/pid"
  fi
  if have redis-server; then
    for p in 6379 51379; do run redis$p redis-server --bind "$A" --port $p --save '' --protected-mode no --dir "$D"; done
  fi
  have memcached && run memcached memcached -u nobody -l "$A" -p 11211 -U 0
  have etcd && run etcd etcd --data-dir "$D/etcd" --listen-client-urls "http://$A:2379" --advertise-client-urls "http://$A:2379" --listen-peer-urls "http://$A:2380"
}

brokers() {
  if have mosquitto; then
    printf '%s\n' "listener 1883 $A" 'allow_anonymous true' >"$D/mosquitto.conf"
    run mosquitto mosquitto -c "$D/mosquitto.conf"
  fi
  local server
  server=$(ls -d /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server 2>/dev/null | tail -1)
  if [ -n "$server" ]; then
    mkdir -p "$D/rabbit" && echo "listeners.tcp.1 = $A:5672" >"$D/rabbit/rabbitmq.conf" && chown -R rabbitmq "$D/rabbit"
    run rabbitmq setpriv --reuid=rabbitmq --regid=rabbitmq --clear-groups env HOME="$D/rabbit" RABBITMQ_NODENAME=rabbit@localhost RABBITMQ_CONFIG_FILE="$D/rabbit/rabbitmq.conf" \
      RABBITMQ_MNESIA_BASE="$D/rabbit/m" RABBITMQ_LOG_BASE="$D/rabbit/l" RABBITMQ_ENABLED_PLUGINS_FILE="$D/rabbit/plugins" RABBITMQ_PID_FILE="$D/rabbit/pid" ERL_FLAGS='+S 1:1' "$server"
  fi
  have nats-server && run nats nats-server -a "$A" -p 4222
  if [ -f /usr/share/java/zookeeper.jar ]; then
    mkdir -p "$D/zookeeper"
    printf '%s\n' tickTime=2000 "dataDir=$D/zookeeper" clientPort=2181 "clientPortAddress=$A" admin.enableServer=false '4lw.commands.whitelist=*' >"$D/zoo.cfg"
    run zookeeper java -Xmx64m -cp '/etc/zookeeper/conf:/usr/share/java/*' org.apache.zookeeper.server.quorum.QuorumPeerMain "$D/zoo.cfg"
  fi
  have beanstalkd && run beanstalkd beanstalkd -l "$A" -p 11300
  have gearmand && run gearmand gearmand -L "$A" -p 4730 -l stderr
}

others() {
  if have ngircd; then
    printf '%s\n' '[Global]' 'Name=irc.target.test' 'Info=bench' "Listen=$A" 'Ports=6667' '[Limits]' '[Options]' 'DNS=no' 'Ident=no' 'PAM=no' >"$D/ngircd.conf"
    run ngircd ngircd -n -f "$D/ngircd.conf"
  fi
  if have inspircd; then
    mkdir -p "$D/inspircd"
    cat >"$D/inspircd.conf" <<C
<server name="irc2.target.test" description="b" network="b">
<admin name="a" nick="a" email="a@target.test">
<bind address="$A" port="6668" type="clients">
<connect allow="*" resolvehostnames="no" useident="no">
<path datadir="$D/inspircd" logdir="$D/inspircd" runtimedir="$D/inspircd">
<options pidfile="$D/inspircd/pid">
C
    chown -R irc "$D/inspircd"
    run inspircd inspircd --nofork --runasroot --config="$D/inspircd.conf"
  fi
  have Xtigervnc && run vnc Xtigervnc :77 -rfbport 5901 -interface "$A" -SecurityTypes None -ac -nolisten tcp -geometry 320x240
  have rpcbind && run rpcbind rpcbind -f -w -h "$A"
  if have xinetd; then
    {
      printf '%s\n' defaults '{' ' instances = 200' ' cps = 1000 1' '}'
      printf '%s\n' 'service telnet' '{' ' socket_type = stream' ' protocol = tcp' ' wait = no' ' user = root' ' server = /usr/sbin/telnetd' ' type = UNLISTED' ' port = 23' " bind = $A" '}'
      printf '%s\n' 'service daytime' '{' ' type = INTERNAL UNLISTED' ' id = dt' ' socket_type = stream' ' protocol = tcp' ' wait = no' ' user = root' ' port = 13' " bind = $A" '}'
      printf '%s\n' 'service echo' '{' ' type = INTERNAL UNLISTED' ' id = ec' ' socket_type = stream' ' protocol = tcp' ' wait = no' ' user = root' ' port = 7' " bind = $A" '}'
    } >"$D/xinetd.conf"
    run xinetd xinetd -dontfork -stayalive -filelog "$D/xinetd.err" -f "$D/xinetd.conf" -pidfile "$D/xinetd.pid"
  fi
  if have stunnel4; then
    printf '%s\n' foreground=yes pid= socket=l:TCP_NODELAY=1 '[redis]' "accept=$A:6380" "connect=$A:6379" "cert=$D/tls/both.pem" '[smtps]' "accept=$A:465" "connect=$A:25" "cert=$D/tls/both.pem" \
      '[ssh]' "accept=$A:44322" "connect=$A:22" "cert=$D/tls/both.pem" >"$D/stunnel.conf"
    run stunnel stunnel4 "$D/stunnel.conf"
  fi
  if have snmpd; then
    printf '%s\n' "agentaddress udp:$A:161" "rocommunity public $N" 'sysLocation bench' >"$D/snmpd.conf"
    run snmpd snmpd -f -Lo -C -c "$D/snmpd.conf"
  fi
}

# start_inside runs in the tree and the namespace.
start_inside() {
  A=$1 D=/srv/bench X=/srv/unpacked N=10.78.0.0/24
  ip addr replace "$A/32" dev lo # some listen only on addresses that an interface has
  rm -rf "$D" && mkdir -p "$D"/{www,tls} && chmod 755 "$D" && : >"$D/pids"
  echo '<html><head><title>bench</title></head><body>hello</body></html>' >"$D/www/index.html"
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$D/tls/key.pem" -out "$D/tls/cert.pem" -days 365 -subj '/O=Bench/CN=target.test' \
    -addext "subjectAltName=DNS:target.test,IP:$A" 2>/dev/null
  cat "$D/tls/cert.pem" "$D/tls/key.pem" >"$D/tls/both.pem"
  chmod 644 "$D"/tls/*
  ssh_servers; web_servers; proxies; ftp_servers; mail_servers; name_servers; file_servers; databases; brokers; others
  for _ in $(seq 60); do # the slowest is the broker, an Erlang machine
    sleep 1
    ss -Htln | grep -q ":5672 " && break
  done
  sleep 3
  # MariaDB greets with its version only hosts that some account may use.
  [ -S "$D/my/s" ] && mariadb --no-defaults -S "$D/my/s" -e "create or replace user bench@'%' identified by 'bench'" 2>/dev/null
  ss -Htln | wc -l
}

stop_all() {
  local p
  [ -f "$dir/tree/srv/bench/pids" ] || return 0
  while read -r p; do kill -- "-$p" 2>/dev/null || kill "$p" 2>/dev/null; done <"$dir/tree/srv/bench/pids"
  rm -f "$dir/tree/srv/bench/pids"
  sleep 2
  local ns # some servers leave their process group
  ns=$(ip netns identify $$)
  [ -n "$ns" ] || return 0
  for p in $(ip netns pids "$ns"); do [ "$p" = $$ ] || kill -9 "$p" 2>/dev/null; done
  return 0
}

if [ "${1:-}" = inside ]; then start_inside "$2"; exit; fi
dir=${2:?a folder}
case ${1:-} in
  install) install_all ;;
  start)
    up
    cp "$0" "$dir/tree/srv/services.sh"
    in_tree bash /srv/services.sh inside "$3"
    ;;
  stop) stop_all ;;
  remove) stop_all; down; rm -rf "$dir/upper" "$dir/work" "$dir/tree" ;;
  *) sed -n 2,11p "$0"; exit 2 ;;
esac

#!/usr/bin/env bash
# Installs what the tests need beside Go: real servers to scan, PostgreSQL, and
# published client libraries. Needs root and apt for the servers; without them
# it says what is missing, and tests that need it skip themselves with the
# reason. Running it again does nothing.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  postgresql libxml2-utils libnet-nessus-rest-perl iproute2 ethtool nftables python3-venv
  nginx-light apache2-bin lighttpd redis-server memcached mosquitto openssh-server mariadb-server
  vsftpd rsync slapd snmpd bind9 dovecot-imapd dovecot-pop3d samba nats-server etcd-server
  rabbitmq-server tigervnc-standalone-server exim4-daemon-light squid tinyproxy haproxy
  chromium tftpd-hpa chrony openssl libcap2-bin apcupsd rpm python3-packaging
)

missing=()
if command -v dpkg-query >/dev/null; then
  for p in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null)" = "ii " ] || missing+=("$p")
  done
fi

if [ "${#missing[@]}" -gt 0 ]; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    # The packages must not start their servers: the tests start their own.
    guard=/usr/sbin/policy-rc.d
    if [ ! -e "$guard" ]; then
      printf '#!/bin/sh\nexit 101\n' >"$guard"
      chmod 755 "$guard"
      trap 'rm -f "$guard"' EXIT
    fi
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || true
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
      for p in "${missing[@]}"; do apt-get install -y -qq --no-install-recommends "$p" >/dev/null || echo "setup: $p can not be installed"; done
  else
    echo "setup: not installed, tests that need them will skip: ${missing[*]}"
    echo "setup: as root: apt-get install --no-install-recommends ${missing[*]}"
  fi
fi

# Published Python clients, in an environment of their own.
venv=.cache/python
if [ ! -e "$venv/ready-2" ]; then
  if python3 -m venv "$venv" 2>/dev/null && "$venv/bin/pip" install -q --disable-pip-version-check -r test/clients/nessus/requirements.txt -r test/clients/apiv3/requirements.txt; then
    touch "$venv/ready-2"
  else
    echo "setup: no Python environment in $venv; the tests with Python clients will skip"
  fi
fi

# Builds of Debian packages, each version that apt offers, for their changelogs:
# what the distribution has mended and when. They are read, never installed; of
# each source package the smallest that has the changelog.
builds=(
  nginx-light dovecot-gssapi redis-sentinel squid-purge vim-haproxy proftpd-basic libwbclient0 unbound-anchor
  openssh-client exim4-dev bind9-host memcached libvarnishapi3 curl tomcat10
)
debs=.cache/debs
if grep -qs '^VERSION_CODENAME=bookworm' /etc/os-release && command -v apt-get >/dev/null; then
  mkdir -p "$debs"
  missing=()
  while read -r p v; do
    # apt writes a colon of the version as %3a.
    ls "$debs/${p}_${v/:/%3a}_"*.deb >/dev/null 2>&1 || missing+=("$p=$v")
  done < <(apt-cache madison "${builds[@]}" 2>/dev/null | awk '$NF == "Packages" { print $1, $3 }' | sort -u)
  [ "${#missing[@]}" = 0 ] || (cd "$debs" && apt-get download -qq -o APT::Sandbox::User=root "${missing[@]}" >/dev/null) ||
    echo "setup: not all builds can be fetched: ${missing[*]}"
else
  echo "setup: not Debian 12; the test of backported fixes will skip"
fi

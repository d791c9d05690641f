package probe

// databaseRules tell databases by the version texts of their protocols.
var databaseRules = []rule{
	{
		kind: "mysql", literal: "MariaDB", pattern: `^(?:5\.5\.5-)?(?P<v>\d+\.\d+\.\d+)-MariaDB(?:-[^ ]*?(?P<os>deb|ubu)[0-9u]*)?`, product: "MariaDB", cpe: "mariadb:mariadb",
		samples: []sample{{"5.5.5-10.11.19-MariaDB-0+deb12u1", "10.11.19"}, {"11.4.2-MariaDB-ubu2404", "11.4.2"}, {"10.6.12-MariaDB-log", "10.6.12"}},
	},
	{
		kind: "mysql", literal: "TiDB", pattern: `-TiDB-v(?P<v>\d+\.\d+\.\d+)`, product: "TiDB", cpe: "pingcap:tidb",
		samples: []sample{{"5.7.25-TiDB-v7.5.0", "7.5.0"}},
	},
	{
		kind: "mysql", literal: "ubuntu", pattern: `^(?P<v>\d+\.\d+\.\d+)-0ubuntu`, product: "MySQL", cpe: "oracle:mysql", os: "Ubuntu",
		samples: []sample{{"8.0.36-0ubuntu0.22.04.1", "8.0.36"}},
	},
	{
		kind: "mysql", literal: "", pattern: `^(?P<v>\d+\.\d+\.\d+)(?:-log|-debug|-cluster|-commercial|-enterprise[a-z-]*)*$`, product: "MySQL", cpe: "oracle:mysql",
		samples: []sample{{"8.0.36", "8.0.36"}, {"5.7.33-log", "5.7.33"}},
	},
	{
		kind: "postgresql", literal: "", pattern: `^(?P<v>\d+(?:\.\d+)+)(?: \((?P<os>Debian|Ubuntu) [^)]*\))?$`, product: "PostgreSQL", cpe: "postgresql:postgresql",
		samples: []sample{{"15.18 (Debian 15.18-0+deb12u1)", "15.18"}, {"16.4", "16.4"}},
	},
	{
		kind: "zookeeper", literal: "", pattern: `^Zookeeper version: (?P<v>\d+\.\d+\.\d+)`, product: "Apache ZooKeeper", cpe: "apache:zookeeper",
		samples: []sample{{"Zookeeper version: 3.8.0-${mvngit.commit.id}, built on 2023-02-15 18:30 UTC", "3.8.0"}, {"Zookeeper version: 3.4.13-2d71af4dbe22557fda74f9a9b4309b15a7487f03, built on 06/29/2018 04:05 GMT", "3.4.13"}},
	},
	{
		kind: "ldap", literal: "389", pattern: `389-Directory/(?P<v>\d+(?:\.\d+)+)`, product: "389 Directory Server", cpe: "port389:389-ds-base",
		samples: []sample{{"389 Project 389-Directory/1.4.4.11 B2021.300.1830", "1.4.4.11"}},
	},
	{
		kind: "ldap", literal: "OpenDJ", pattern: `OpenDJ (?P<v>\d+(?:\.\d+)+)`, product: "OpenDJ", cpe: "forgerock:opendj",
		samples: []sample{{"ForgeRock AS. OpenDJ 4.4.11", "4.4.11"}},
	},
	{
		kind: "ldap", literal: "Apache Software Foundation", pattern: `^Apache Software Foundation (?P<v>\d+\.\d+\.\d+[0-9A-Za-z.-]*)`, product: "ApacheDS", cpe: "apache:directory_server",
		samples: []sample{{"Apache Software Foundation 2.0.0.AM26", "2.0.0.AM26"}},
	},
}

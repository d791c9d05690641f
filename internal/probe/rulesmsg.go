package probe

// messagingRules tell brokers, chat and telephony servers.
var messagingRules = []rule{
	{
		kind: "mqtt", literal: "mosquitto", pattern: `mosquitto version (?P<v>\d+(?:\.\d+)+)`, product: "Mosquitto", cpe: "eclipse:mosquitto",
		samples: []sample{{"$SYS/broker/version mosquitto version 2.0.11", "2.0.11"}},
	},
	{
		kind: "mqtt", literal: "$SYS/brokers/emqx", pattern: `^\$SYS/brokers/emqx\S*/version v?(?P<v>\d+(?:\.\d+)+)`, product: "EMQX", cpe: "emqx:emqx",
		samples: []sample{{"$SYS/brokers/emqx@127.0.0.1/version 5.0.8", "5.0.8"}},
	},
	{
		kind: "amqp", literal: "RabbitMQ", pattern: `^RabbitMQ (?P<v>\d+(?:\.\d+)+)`, product: "RabbitMQ", cpe: "vmware:rabbitmq",
		samples: []sample{{"RabbitMQ 3.10.8", "3.10.8"}},
	},
	{
		kind: "amqp", literal: "qpid", pattern: `^qpid-cpp (?P<v>\d+(?:\.\d+)+)`, product: "Apache Qpid C++", cpe: "apache:qpid-cpp",
		samples: []sample{{"qpid-cpp 1.39.0", "1.39.0"}},
	},
	{
		kind: "irc", literal: "ngircd", pattern: `^ngircd-(?P<v>\d+(?:\.\d+)*)(?:\.\D.*)?$`, product: "ngIRCd", cpe: "barton:ngircd",
		samples: []sample{{"ngircd-26.1", "26.1"}, {"ngircd-26", "26"}},
	},
	{
		kind: "irc", literal: "InspIRCd", pattern: `^InspIRCd-(?P<v>\d+\.\d+\.\d+)`, product: "InspIRCd", cpe: "inspircd:inspircd",
		samples: []sample{{"InspIRCd-2.0.29", "2.0.29"}},
	},
	{
		kind: "irc", literal: "InspIRCd", pattern: `^InspIRCd`, product: "InspIRCd", cpe: "inspircd:inspircd",
		samples: []sample{{"InspIRCd-3", ""}},
	},
	{
		kind: "irc", literal: "Unreal", pattern: `^Unreal(?:IRCd-)?(?P<v>\d+(?:\.\d+)+)`, product: "UnrealIRCd", cpe: "unrealircd:unrealircd",
		samples: []sample{{"UnrealIRCd-6.0.4.2", "6.0.4.2"}, {"Unreal3.2.8.1", "3.2.8.1"}},
	},
	{
		kind: "irc", literal: "hybrid", pattern: `^hybrid-(?P<v>\d+(?:\.\d+)+)`, product: "ircd-hybrid",
		samples: []sample{{"hybrid-8.2.43", "8.2.43"}},
	},
	{
		kind: "sip", literal: "Asterisk", pattern: `Asterisk PBX (?:certified/)?(?P<v>\d+\.\d+(?:\.\d+)?)`, product: "Asterisk", cpe: "digium:asterisk",
		samples: []sample{{"Asterisk PBX 18.10.0~dfsg+~cs6.10", "18.10.0"}},
	},
	{
		kind: "sip", literal: "FreeSWITCH", pattern: `FreeSWITCH-mod_sofia/(?P<v>\d+\.\d+\.\d+)`, product: "FreeSWITCH", cpe: "freeswitch:freeswitch",
		samples: []sample{{"FreeSWITCH-mod_sofia/1.10.7-release-19-883d2cb662~64bit", "1.10.7"}},
	},
	{
		kind: "sip", literal: "amailio", pattern: `^[Kk]amailio \((?P<v>\d+\.\d+\.\d+)`, product: "Kamailio", cpe: "kamailio:kamailio",
		samples: []sample{{"kamailio (5.6.3 (x86_64/linux))", "5.6.3"}},
	},
	{
		kind: "sip", literal: "OpenSIPS", pattern: `^OpenSIPS \((?P<v>\d+\.\d+\.\d+)`, product: "OpenSIPS", cpe: "opensips:opensips",
		samples: []sample{{"OpenSIPS (3.2.4 (x86_64/linux))", "3.2.4"}},
	},
	{
		kind: "rtsp", literal: "GStreamer", pattern: `^GStreamer RTSP server`, product: "GStreamer RTSP server",
		samples: []sample{{"GStreamer RTSP server", ""}},
	},
	{
		kind: "rtsp", literal: "Wowza", pattern: `^Wowza Streaming Engine (?P<v>\d+(?:\.\d+)+)`, product: "Wowza Streaming Engine", cpe: "wowza:streaming_engine",
		samples: []sample{{"Wowza Streaming Engine 4.8.5 build20200616153358", "4.8.5"}},
	},
}

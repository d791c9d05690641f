package probe

// All lists the protocols that are recognised, in the order in which they are
// tried on a banner and asked at ports that tell nothing.
var All = []Protocol{
	httpProtocol,
	sshProtocol,
	ftpProtocol,
	smtpProtocol,
	pop3Protocol,
	imapProtocol,
	mysqlProtocol,
	natsProtocol,
	rsyncProtocol,
	vncProtocol,
	telnetProtocol,
	ircProtocol,
	daytimeProtocol,
	redisProtocol,
	postgresqlProtocol,
	memcachedProtocol,
	gearmanProtocol,
	mqttProtocol,
	amqpProtocol,
	dnsProtocol,
	smbProtocol,
	ldapProtocol,
	rdpProtocol,
	mongodbProtocol,
	zookeeperProtocol,
	kafkaProtocol,
	cassandraProtocol,
	mssqlProtocol,
	beanstalkdProtocol,
	epmdProtocol,
	ajp13Protocol,
	rpcbindProtocol,
	rtspProtocol,
	sipProtocol,
	socksProtocol,
	rmiProtocol,
	xmppProtocol,
	echoProtocol,
	dnsUDP,
	snmpUDP,
	ntpUDP,
	netbiosUDP,
	rpcbindUDP,
	sipUDP,
	memcachedUDP,
	echoUDP, daytimeUDP, qotdUDP, chargenUDP, timeUDP, tftpUDP,
	nfsUDP, nlockmgrUDP, rpcStatusUDP, wdbUDP,
}

// httpIndex is the place of HTTP in All.
const httpIndex = 0

// ruleTables lists the tables of rules.
var ruleTables = [][]rule{
	httpServerRules,
	httpAppRules,
	sshRules,
	mailRules,
	ftpRules,
	databaseRules,
	messagingRules,
	networkRules,
}

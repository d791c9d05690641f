package judge

import "github.com/harrier-scan/harrier"

// The rules. Their numbers are Harrier's own, from 902001 on; their severities are
// those of asm-api.md §7.10.
var (
	openTransfer = Rule{
		ID: 902001, URN: "urn:risk:dns:zone-transfer", Category: "dns", Severity: harrier.High,
		Name:        "A name server gives the whole zone to anybody",
		Description: "The server answers a zone transfer to a stranger, who so learns every name in the zone.",
		Remediation: "Allow transfers to the zone's own secondary servers only.",
	}
	openRecursion = Rule{
		ID: 902002, URN: "urn:risk:dns:open-recursion", Category: "dns", Severity: harrier.Medium,
		Name:        "A name server looks names up for anybody",
		Description: "Strangers can use the server to amplify attacks, and can try to poison its cache.",
		Remediation: "Limit recursion to the networks that the server is for.",
	}
	lame = Rule{
		ID: 902003, URN: "urn:risk:dns:lame-delegation", Category: "dns", Severity: harrier.Medium,
		Name:        "A zone is delegated to a server that does not answer for it",
		Description: "A part of all questions about the zone fails or is slow; a server that is gone may be taken by somebody else.",
		Remediation: "Remove the server from the delegation, or let it serve the zone.",
	}
	singleNS = Rule{
		ID: 902004, URN: "urn:risk:dns:single-name-server", Category: "dns", Severity: harrier.Low,
		Name:        "A zone has only one name server",
		Description: "When it fails, every name of the zone fails with it.",
		Remediation: "Add a second name server in another network.",
	}
	wildcard = Rule{
		ID: 902005, URN: "urn:risk:dns:wildcard", Category: "dns", Severity: harrier.Info,
		Name:        "Every name below a domain is there",
		Description: "A wildcard record answers for any name. Names below the domain can not be told from made-up ones, and misspelt ones lead somewhere.",
		Remediation: "Use names of their own where that is possible.",
	}
	danglingCNAME = Rule{
		ID: 902006, URN: "urn:risk:dns:dangling-cname", Category: "dns", Severity: harrier.High,
		Name:        "An alias leads to a name that does not exist",
		Description: "Whoever registers the name that the alias leads to controls what stands under the own name.",
		Remediation: "Remove the alias, or register the name.",
	}
	danglingNS = Rule{
		ID: 902007, URN: "urn:risk:dns:dangling-ns", Category: "dns", Severity: harrier.High,
		Name:        "A zone is delegated to a name server whose name does not exist",
		Description: "Whoever registers the name of the server answers for the whole zone.",
		Remediation: "Remove the name server from the delegation.",
	}
	danglingMX = Rule{
		ID: 902008, URN: "urn:risk:dns:dangling-mx", Category: "dns", Severity: harrier.High,
		Name:        "A mail exchanger's name does not exist",
		Description: "Mail is lost; whoever registers the name receives it.",
		Remediation: "Remove the mail exchanger, or give its name an address.",
	}
	takeover = Rule{
		ID: 902009, URN: "urn:risk:dns:subdomain-takeover", Category: "dns", Severity: harrier.Critical,
		Name:        "A name leads to a provider where nobody has claimed it",
		Description: "The provider says that nobody has the site. Anybody with an account there can claim it and speak under the own name.",
		Remediation: "Remove the record, or claim the site at the provider.",
	}
	private = Rule{
		ID: 902010, URN: "urn:risk:dns:reserved-address", Category: "dns", Severity: harrier.Low,
		Name:        "A public name has an address that is not on the Internet",
		Description: "The record tells strangers about the inner network; inside of other networks it leads to machines of others.",
		Remediation: "Publish inner addresses on inner name servers only.",
	}
	noCAA = Rule{
		ID: 902011, URN: "urn:risk:dns:missing-caa", Category: "dns", Severity: harrier.Info,
		Name:        "It is not said which authorities may issue certificates",
		Description: "Without a CAA record any authority may issue certificates for the names of the zone.",
		Remediation: "Publish a CAA record that names the authorities that are used.",
	}
	noDNSSEC = Rule{
		ID: 902012, URN: "urn:risk:dns:dnssec-off", Category: "dns", Severity: harrier.Info,
		Name:        "A zone is not signed",
		Description: "Answers about the zone can be forged on their way.",
		Remediation: "Sign the zone, and give the parent the DS record.",
	}
	bogusDNSSEC = Rule{
		ID: 902013, URN: "urn:risk:dns:dnssec-bogus", Category: "dns", Severity: harrier.High,
		Name:        "The parent's DS record fits none of the zone's keys",
		Description: "For everybody who checks signatures the zone does not exist.",
		Remediation: "Publish the DS record of a key in use, or remove it.",
	}
	islandDNSSEC = Rule{
		ID: 902014, URN: "urn:risk:dns:dnssec-island", Category: "dns", Severity: harrier.Low,
		Name:        "A zone is signed, but its parent does not say so",
		Description: "Nobody can check the signatures, as the chain from the root is broken.",
		Remediation: "Give the parent the DS record of the zone's key.",
	}
	weakDNSSEC = Rule{
		ID: 902015, URN: "urn:risk:dns:dnssec-weak", Category: "dns", Severity: harrier.Low,
		Name:        "A zone is signed with an outdated algorithm",
		Description: "The algorithm must no longer be used for signing.",
		Remediation: "Change to ECDSA P-256 (13) or Ed25519 (15), with a SHA-256 digest at the parent.",
	}
	walked = Rule{
		ID: 902016, URN: "urn:risk:dns:nsec-walk", Category: "dns", Severity: harrier.Low,
		Name:        "The names of a zone can be listed one by one",
		Description: "The zone's NSEC records tell of each name which one is next.",
		Remediation: "Use NSEC3 without opt-out, or records made to measure (RFC 4470).",
	}
	noSPF = Rule{
		ID: 902017, URN: "urn:risk:email:spf-missing", Category: "email", Severity: harrier.Medium,
		Name:        "A mail domain does not say who may send for it",
		Description: "Without an SPF policy anybody can send mail in the domain's name that receivers can not tell from real mail.",
		Remediation: "Publish an SPF policy that ends in -all.",
	}
	manySPF = Rule{
		ID: 902018, URN: "urn:risk:email:spf-multiple", Category: "email", Severity: harrier.Medium,
		Name:        "A domain has several SPF policies",
		Description: "With more than one, receivers must treat all as an error.",
		Remediation: "Join them into one record.",
	}
	badSPF = Rule{
		ID: 902019, URN: "urn:risk:email:spf-syntax", Category: "email", Severity: harrier.Medium,
		Name:        "The SPF policy has faults",
		Description: "Receivers ignore a policy that they can not read.",
		Remediation: "Correct the parts that are named.",
	}
	passSPF = Rule{
		ID: 902020, URN: "urn:risk:email:spf-pass-all", Category: "email", Severity: harrier.High,
		Name:        "The SPF policy lets everybody send",
		Description: "It ends in +all: any server may send mail in the domain's name.",
		Remediation: "End the policy in -all.",
	}
	neutralSPF = Rule{
		ID: 902021, URN: "urn:risk:email:spf-neutral", Category: "email", Severity: harrier.Medium,
		Name:        "The SPF policy says nothing about other senders",
		Description: "It ends in ?all or not at all, so that mail from anywhere is neither right nor wrong.",
		Remediation: "End the policy in -all, or ~all for a time.",
	}
	softSPF = Rule{
		ID: 902022, URN: "urn:risk:email:spf-softfail", Category: "email", Severity: harrier.Low,
		Name:        "The SPF policy only doubts other senders",
		Description: "It ends in ~all: most receivers deliver mail of strangers all the same, unless DMARC forbids it.",
		Remediation: "End the policy in -all when all senders are listed.",
	}
	longSPF = Rule{
		ID: 902023, URN: "urn:risk:email:spf-lookups", Category: "email", Severity: harrier.Medium,
		Name:        "The SPF policy needs more than ten questions to the DNS",
		Description: "Receivers give up after ten and treat the policy as an error.",
		Remediation: "Remove includes that are not needed, or list addresses.",
	}
	voidSPF = Rule{
		ID: 902024, URN: "urn:risk:email:spf-void", Category: "email", Severity: harrier.Medium,
		Name:        "The SPF policy names domains that have nothing to say",
		Description: "Receivers give up after two such names; whoever registers one of them may send mail in the domain's name.",
		Remediation: "Remove the names.",
	}
	ptrSPF = Rule{
		ID: 902025, URN: "urn:risk:email:spf-ptr", Category: "email", Severity: harrier.Low,
		Name:        "The SPF policy uses ptr",
		Description: "The mechanism is slow, not reliable, and should not be used.",
		Remediation: "List addresses in its place.",
	}
	noDMARC = Rule{
		ID: 902026, URN: "urn:risk:email:dmarc-missing", Category: "email", Severity: harrier.Medium,
		Name:        "A mail domain has no DMARC policy",
		Description: "Receivers are not told what to do with forged mail, and its owner does not learn of it.",
		Remediation: "Publish a DMARC policy, first with p=none and reports, then with p=reject.",
	}
	noneDMARC = Rule{
		ID: 902027, URN: "urn:risk:email:dmarc-none", Category: "email", Severity: harrier.Medium,
		Name:        "The DMARC policy does nothing about forged mail",
		Description: "p=none asks receivers to deliver it.",
		Remediation: "Change to p=quarantine or p=reject when the reports show that real mail passes.",
	}
	partDMARC = Rule{
		ID: 902028, URN: "urn:risk:email:dmarc-partial", Category: "email", Severity: harrier.Low,
		Name:        "The DMARC policy holds for a part of the mail only",
		Description: "With pct below 100, or a weaker policy for subdomains, forged mail still comes through.",
		Remediation: "Remove pct and sp=none.",
	}
	badDMARC = Rule{
		ID: 902029, URN: "urn:risk:email:dmarc-syntax", Category: "email", Severity: harrier.Medium,
		Name:        "The DMARC policy has faults",
		Description: "Receivers ignore a policy that they can not read.",
		Remediation: "Correct the parts that are named.",
	}
	blindDMARC = Rule{
		ID: 902030, URN: "urn:risk:email:dmarc-reports", Category: "email", Severity: harrier.Info,
		Name:        "The DMARC policy asks for no reports",
		Description: "Nobody learns who sends in the domain's name.",
		Remediation: "Add rua= with an address.",
	}
	weakDKIM = Rule{
		ID: 902031, URN: "urn:risk:email:dkim-weak-key", Category: "email", Severity: harrier.Medium,
		Name:        "A key that mail is signed with is too short",
		Description: "RSA keys below 1024 bits can be broken, those below 2048 should not be made any more.",
		Remediation: "Make a key of 2048 bits and withdraw the old one.",
	}
	testDKIM = Rule{
		ID: 902032, URN: "urn:risk:email:dkim-testing", Category: "email", Severity: harrier.Low,
		Name:        "A key that mail is signed with is marked as a test",
		Description: "Receivers treat signatures with it as if there were none.",
		Remediation: "Remove t=y.",
	}
	badDKIM = Rule{
		ID: 902033, URN: "urn:risk:email:dkim-syntax", Category: "email", Severity: harrier.Medium,
		Name:        "A key that mail is signed with can not be read",
		Description: "Signatures with it fail.",
		Remediation: "Publish the key anew.",
	}
	noSTS = Rule{
		ID: 902034, URN: "urn:risk:email:mta-sts-missing", Category: "email", Severity: harrier.Info,
		Name:        "Mail to the domain may be sent without encryption",
		Description: "Without MTA-STS or DANE, an attacker on the way can keep senders from encrypting.",
		Remediation: "Publish an MTA-STS policy in mode enforce.",
	}
	badSTS = Rule{
		ID: 902035, URN: "urn:risk:email:mta-sts-faulty", Category: "email", Severity: harrier.Medium,
		Name:        "The MTA-STS policy is missing or has faults",
		Description: "The record announces a policy that senders can not use, or that does not allow a mail exchanger.",
		Remediation: "Serve a policy at https://mta-sts.DOMAIN/.well-known/mta-sts.txt that lists every mail exchanger.",
	}
	softSTS = Rule{
		ID: 902036, URN: "urn:risk:email:mta-sts-testing", Category: "email", Severity: harrier.Info,
		Name:        "The MTA-STS policy is not enforced",
		Description: "In mode testing or none, mail is sent without encryption all the same.",
		Remediation: "Change to mode enforce.",
	}
	noTLSRPT = Rule{
		ID: 902037, URN: "urn:risk:email:tls-rpt-missing", Category: "email", Severity: harrier.Info,
		Name:        "No reports about failed encryption of mail are asked for",
		Description: "The domain's owner does not learn when mail can not be delivered encrypted.",
		Remediation: "Publish a TLS-RPT record.",
	}
	noBIMI = Rule{
		ID: 902038, URN: "urn:risk:email:bimi-missing", Category: "email", Severity: harrier.Info,
		Name:        "No picture of the sender is published",
		Description: "Mail programs show a sender's picture when BIMI says where it is.",
		Remediation: "Publish a BIMI record when DMARC is enforced.",
	}
	badBIMI = Rule{
		ID: 902039, URN: "urn:risk:email:bimi-faulty", Category: "email", Severity: harrier.Info,
		Name:        "The record of the sender's picture has faults",
		Description: "Mail programs ignore it.",
		Remediation: "Name an https address.",
	}
	unsignedDANE = Rule{
		ID: 902040, URN: "urn:risk:email:dane-unsigned", Category: "email", Severity: harrier.Low,
		Name:        "Certificates of mail exchangers are in a zone that is not signed",
		Description: "TLSA records count only when DNSSEC protects them.",
		Remediation: "Sign the zone, or remove the records.",
	}
	badDANE = Rule{
		ID: 902041, URN: "urn:risk:email:dane-faulty", Category: "email", Severity: harrier.Medium,
		Name:        "A record about a mail exchanger's certificate is no use for mail",
		Description: "Mail knows usages 2 and 3 only; senders treat others as no use or as a failure.",
		Remediation: "Publish a record with usage 3, selector 1, type 1.",
	}
	spoofable = Rule{
		ID: 902042, URN: "urn:risk:email:spoofable", Category: "email", Severity: harrier.Medium,
		Name:        "Mail can be sent in the domain's name",
		Description: "Neither SPF nor DMARC keep strangers from sending mail in the domain's name.",
		Remediation: "Publish SPF with -all and DMARC with p=reject.",
	}
	noStartTLS = Rule{
		ID: 902043, URN: "urn:risk:email:starttls-missing", Category: "email", Severity: harrier.Medium,
		Name:        "A mail exchanger does not offer encryption",
		Description: "All mail to it can be read and changed on its way.",
		Remediation: "Give the server a certificate and switch STARTTLS on.",
	}
	expired = Rule{
		ID: 902044, URN: "urn:risk:tls:certificate-expired", Category: "tls", Severity: harrier.High,
		Name:        "A certificate is not valid any more",
		Description: "Clients refuse the server, or their users learn to pass over warnings.",
		Remediation: "Renew the certificate.",
	}
	expiring = Rule{
		ID: 902045, URN: "urn:risk:tls:certificate-expiring", Category: "tls", Severity: harrier.Low,
		Name:        "A certificate ends within 30 days",
		Description: "When it is not renewed in time, clients refuse the server.",
		Remediation: "Renew the certificate, best by a program.",
	}
	mismatch = Rule{
		ID: 902046, URN: "urn:risk:tls:certificate-mismatch", Category: "tls", Severity: harrier.Medium,
		Name:        "A certificate is not for the name of the site",
		Description: "Clients can not tell the server from an attacker's.",
		Remediation: "Get a certificate that has the name.",
	}
	selfSigned = Rule{
		ID: 902047, URN: "urn:risk:tls:certificate-self-signed", Category: "tls", Severity: harrier.Medium,
		Name:        "A certificate is signed by itself",
		Description: "Clients can not tell the server from an attacker's.",
		Remediation: "Get a certificate from an authority that clients trust.",
	}
	plainLogin = Rule{
		ID: 902048, URN: "urn:risk:web:login-over-http", Category: "web", Severity: harrier.High,
		Name:        "A password is asked for on a page without encryption",
		Description: "Whoever is on the way can read it.",
		Remediation: "Serve the page over https only, and redirect.",
	}
	noHTTPS = Rule{
		ID: 902049, URN: "urn:risk:web:http-not-redirected", Category: "web", Severity: harrier.Low,
		Name:        "A page is served without encryption",
		Description: "The page can be read and changed on its way.",
		Remediation: "Redirect to https.",
	}
	noHSTS = Rule{
		ID: 902050, URN: "urn:risk:web:hsts-missing", Category: "web", Severity: harrier.Low,
		Name:        "A site does not insist on encryption",
		Description: "Without Strict-Transport-Security the first visit can be turned to plain HTTP.",
		Remediation: "Send the header with a max-age of a year.",
	}
	noHeaders = Rule{
		ID: 902051, URN: "urn:risk:web:headers-missing", Category: "web", Severity: harrier.Low,
		Name:        "A page lacks headers that protect its readers",
		Description: "Content-Security-Policy, X-Frame-Options, X-Content-Type-Options or Referrer-Policy are missing.",
		Remediation: "Send the headers that are named.",
	}
	brokenDNSSEC = Rule{
		ID: 902053, URN: "urn:risk:dns:dnssec-signature", Category: "dns", Severity: harrier.High,
		Name:        "The signatures of a zone are not valid",
		Description: "A server of the zone sends no signatures, bad ones, or such as have ended. For everybody who checks signatures the zone does not exist.",
		Remediation: "Sign the zone anew, see to it that this is done by itself, and that every server has the newest zone.",
	}
	wrongDANE = Rule{
		ID: 902054, URN: "urn:risk:email:dane-mismatch", Category: "email", Severity: harrier.Medium,
		Name:        "A mail exchanger shows another certificate than the DNS promises",
		Description: "None of the TLSA records fits the certificate. Senders that heed DANE deliver no mail there.",
		Remediation: "Publish the record of a new certificate before it is used, or records of the authority's.",
	}
	weakCertificate = Rule{
		ID: 902055, URN: "urn:risk:tls:certificate-weak", Category: "tls", Severity: harrier.Medium,
		Name:        "A certificate has a short key or an outdated signature",
		Description: "RSA keys below 2048 bits can be broken, and signatures by MD5 or SHA-1 forged. Clients refuse such certificates.",
		Remediation: "Get a new certificate, with a key of at least 2048 bits (RSA) or 256 (ECDSA).",
	}
	untrusted = Rule{
		ID: 902056, URN: "urn:risk:tls:certificate-untrusted", Category: "tls", Severity: harrier.Medium,
		Name:        "A certificate is from nobody whom clients trust",
		Description: "Its authority is not a public one, or the server does not send the certificates between. Clients refuse the server, or their users learn to pass over warnings.",
		Remediation: "Get a certificate from a public authority, and send the whole chain.",
	}
	leaked = Rule{
		ID: 902052, URN: "urn:risk:web:version-shown", Category: "web", Severity: harrier.Info,
		Name:        "Headers of a page tell what it is made with",
		Description: "Headers name software and its version. Who looks for servers with a known fault finds them by that.",
		Remediation: "Do not send the headers that are named, or leave the version out (ServerTokens Prod, server_tokens off, expose_php off).",
	}
)

var all = []*Rule{
	&openTransfer, &openRecursion, &lame, &singleNS, &wildcard, &danglingCNAME, &danglingNS, &danglingMX,
	&takeover, &private, &noCAA, &noDNSSEC, &bogusDNSSEC, &islandDNSSEC, &weakDNSSEC, &walked,
	&noSPF, &manySPF, &badSPF, &passSPF, &neutralSPF, &softSPF, &longSPF, &voidSPF,
	&ptrSPF, &noDMARC, &noneDMARC, &partDMARC, &badDMARC, &blindDMARC, &weakDKIM, &testDKIM,
	&badDKIM, &noSTS, &badSTS, &softSTS, &noTLSRPT, &noBIMI, &badBIMI, &unsignedDANE,
	&badDANE, &spoofable, &noStartTLS, &expired, &expiring, &mismatch, &selfSigned, &plainLogin,
	&noHTTPS, &noHSTS, &noHeaders, &leaked, &brokenDNSSEC, &wrongDANE, &weakCertificate, &untrusted,
}

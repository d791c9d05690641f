package mail

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/check/checktest"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func tcp(name string, port uint16) harrier.Service {
	return harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: port}, Name: name}
}

// says greets and answers the first command.
func says(greeting, answer string) wiretest.Dialer {
	return wiretest.Script(wiretest.Step{Unasked: true, Say: greeting}, wiretest.Step{Say: answer})
}

const sshHello = "SSH-2.0-OpenSSH_9.2p1\r\n"

func TestPOP3Cleartext(t *testing.T) {
	checktest.Play(t, POP3Cleartext, tcp("pop3", 110),
		checktest.Case{Name: "vulnerable", Dial: says("+OK ready\r\n", "+OK\r\n"), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: says("+OK ready\r\n", "-ERR [AUTH] not before TLS\r\n"), Want: harrier.Absent},
		checktest.Case{Name: "odd", Dial: says("+OK ready\r\n", "what\r\n"), Want: harrier.Unknown},
		checktest.Case{Name: "foreign", Dial: wiretest.Banner(sshHello), Want: harrier.Unknown},
	)
}

func TestIMAPCleartext(t *testing.T) {
	const hello = "* OK [CAPABILITY IMAP4rev1] ready\r\n"
	checktest.Play(t, IMAPCleartext, tcp("imap", 143),
		checktest.Case{Name: "vulnerable", Dial: says(hello, "* CAPABILITY IMAP4rev1 STARTTLS AUTH=PLAIN\r\na OK done\r\n"), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: says(hello, "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na OK done\r\n"), Want: harrier.Absent},
		checktest.Case{Name: "refuses", Dial: says(hello, "a BAD no\r\n"), Want: harrier.Unknown},
		checktest.Case{Name: "foreign", Dial: wiretest.Banner(sshHello), Want: harrier.Unknown},
	)
}

func TestSMTPCleartext(t *testing.T) {
	checktest.Play(t, SMTPCleartext, tcp("smtp", 25),
		checktest.Case{Name: "vulnerable", Dial: says("220 a ESMTP\r\n", "250-a\r\n250-AUTH PLAIN LOGIN\r\n250 SIZE\r\n"), Want: harrier.Present},
		checktest.Case{Name: "old form", Dial: says("220 a ESMTP\r\n", "250-a\r\n250 AUTH=LOGIN\r\n"), Want: harrier.Present},
		checktest.Case{Name: "fixed", Dial: says("220 a ESMTP\r\n", "250-a\r\n250-STARTTLS\r\n250-AUTH CRAM-MD5\r\n250 SIZE\r\n"), Want: harrier.Absent},
		checktest.Case{Name: "refuses", Dial: says("220 a ESMTP\r\n", "550 go away\r\n"), Want: harrier.Unknown},
		checktest.Case{Name: "foreign", Dial: wiretest.Banner(sshHello), Want: harrier.Unknown},
	)
}

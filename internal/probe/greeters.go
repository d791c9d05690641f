package probe

import (
	"bytes"
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

// The protocols of this file greet with a line that names them.

// mpdProtocol plays music. Its greeting has the version of the protocol, which
// is not that of the server.
//
// Source: the Music Player Daemon protocol, "Protocol overview".
var mpdProtocol = Protocol{
	Name: "mpd", Transport: harrier.TCP, Ports: []uint16{6600},
	First:  true,
	Banner: mpdGreeting.Match,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.fact("mpd.protocol", string(mpdGreeting.FindSubmatch(first)[1]))
		x.is("Music Player Daemon", "musicpd:music_player_daemon", "", firstLine(first))
	},
}

var mpdGreeting = pattern(`^OK MPD (\d{1,2}\.\d{1,3}\.\d{1,3})\n`)

// amiProtocol steers an exchange for telephones. Its greeting has the version of
// the interface, which is not that of Asterisk.
//
// Source: Asterisk documentation, "AMI v2 Specification".
var amiProtocol = Protocol{
	Name: "asterisk-ami", Transport: harrier.TCP, Ports: []uint16{5038},
	First:  true,
	Banner: amiGreeting.Match,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.fact("asterisk.ami", string(amiGreeting.FindSubmatch(first)[1]))
		x.fact("auth.required", "yes")
		x.fact("device.hint", "pbx")
		x.is("Asterisk", "digium:asterisk", "", firstLine(first))
	},
}

var amiGreeting = pattern(`^Asterisk Call Manager/(\d{1,2}(?:\.\d{1,2}){1,2})\r?\n`)

// teamspeakProtocol is the query interface of TeamSpeak 3 and later.
//
// Source: TeamSpeak 3 Server Query manual, commands "version" and "quit".
var teamspeakProtocol = Protocol{
	Name: "teamspeak-query", Transport: harrier.TCP, Ports: []uint16{10011, 25639},
	First: true,
	Banner: func(b []byte) bool {
		return bytes.HasPrefix(b, []byte("TS3\n\r")) || bytes.HasPrefix(b, []byte("TS3 Client\n\r"))
	},
	Learn: learnTeamspeak,
}

var teamspeakVersion = pattern(`(?m)^version=(\d{1,2}\.\d{1,3}\.\d{1,3}) build=(\d{1,12}) platform=([A-Za-z0-9 ]{1,20})`)

func learnTeamspeak(ctx context.Context, x *talk, first []byte, _ bool) {
	if bytes.HasPrefix(first, []byte("TS3 Client")) {
		x.is("TeamSpeak 3 Client", "teamspeak:teamspeak_client", "", "TS3 Client")
		return
	}
	x.is("TeamSpeak 3 Server", "teamspeak:teamspeak_server", "", "TS3")
	w, _ := x.greeted(ctx, func(b []byte) bool { return bytes.Count(b, []byte("\n\r")) > 1 }, first)
	if w == nil {
		return
	}
	defer w.Close()
	reply, err := w.ask([]byte("version\n"), func(b []byte) bool {
		return bytes.Contains(b, []byte("error id=")) && bytes.HasSuffix(b, []byte("\n\r"))
	})
	if err != nil {
		return
	}
	if m := teamspeakVersion.FindSubmatch(reply); m != nil {
		x.is("TeamSpeak 3 Server", "teamspeak:teamspeak_server", string(m[1]), string(m[0]))
		x.fact("teamspeak.build", string(m[2]))
		x.fact("os.hint", string(m[3]))
	}
	_ = w.send([]byte("quit\n"))
}

// nutProtocol tells of power supplies that a machine watches over.
//
// Source: RFC 9271, sections 4.2.9 (LIST) and 4.2.16 (VER).
var nutProtocol = Protocol{
	Name: "nut", Transport: harrier.TCP, Ports: []uint16{3493},
	Hello:  func(Target) []byte { return []byte("VER\n") },
	Done:   oneLineDone,
	Reply:  nutVersion.Match,
	Banner: func(b []byte) bool { return bytes.HasPrefix(b, []byte("ERR UNKNOWN-COMMAND\n")) },
	Learn:  learnNUT,
}

var (
	nutVersion = pattern(`^Network UPS Tools upsd (\d{1,2}\.\d{1,2}\.\d{1,2})[^\n]{0,80}\n`)
	nutUPS     = pattern(`(?m)^UPS ([A-Za-z0-9_.-]{1,64}) "`)
	nutVar     = pattern(`(?m)^VAR [^ \n]{1,64} ([a-z.]{1,40}) "([^"\n]{0,200})"`)
)

func learnNUT(ctx context.Context, x *talk, first []byte, _ bool) {
	x.s.Banner = printable(first)
	x.is("Network UPS Tools", "networkupstools:network_ups_tools", "", firstLine(first))
	if m := nutVersion.FindSubmatch(first); m != nil {
		x.is("Network UPS Tools", "networkupstools:network_ups_tools", string(m[1]), firstLine(first))
	}
	w, err := x.open(ctx)
	if err != nil {
		return
	}
	defer w.Close()
	list, err := w.ask([]byte("LIST UPS\n"), nutListDone)
	if err != nil {
		return
	}
	var names []string
	for _, m := range nutUPS.FindAllSubmatch(list, 20) {
		names = append(names, string(m[1]))
	}
	x.fact("nut.ups", strings.Join(names, ","))
	if len(names) == 0 {
		return
	}
	vars, err := w.ask([]byte("LIST VAR "+names[0]+"\n"), nutListDone)
	if err != nil {
		return
	}
	for _, m := range nutVar.FindAllSubmatch(vars, 200) {
		switch key := string(m[1]); key {
		case "device.mfr", "device.model", "device.serial", "ups.firmware":
			_, key, _ = strings.Cut(key, ".")
			x.fact("nut."+strings.Replace(key, "mfr", "vendor", 1), string(m[2]))
		}
	}
}

// nutListDone reports that a list or an error is complete.
func nutListDone(b []byte) bool {
	return oneLineDone(b) && (bytes.Contains(b, []byte("\nEND LIST ")) || bytes.HasPrefix(b, []byte("ERR ")))
}

package probe

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

const mumbleGreeting = "\x00\x00\x00\x00\x00\x22" + "\x08\x84\x86\x04" + "\x12\x051.3.4" + "\x1a\x05Linux" + "\x22\x0eDebian 12 x64."

const castAnswer = "\x00\x00\x00\x54" + "\x08\x00\x12\x0areceiver-0\x1a\x08sender-0\x22\x27urn:x-cast:com.google.cast.tp.heartbeat\x28\x00\x32\x0f" + `{"type":"PONG"}`

func minecraftAnswer(status string) string {
	body := binary.AppendUvarint([]byte{0}, uint64(len(status)))
	body = append(body, status...)
	return string(append(binary.AppendUvarint(nil, uint64(len(body))), body...))
}

// rtmpAnswer is that of a server of Adobe's kind, version 5.0.3.1.
func rtmpAnswer() string {
	own := "\x00\x00\x12\x34\x05\x00\x03\x01" + strings.Repeat("s", rtmpSize-8)
	return "\x03" + own + string(rtmpRandom())
}

func bitcoinAnswer(agent string) string {
	payload := binary.LittleEndian.AppendUint32(nil, 70016)
	payload = append(payload, make([]byte, 8+8+26+26)...)
	payload = append(payload, "nodenode"...)
	payload = append(payload, byte(len(agent)))
	payload = append(payload, agent...)
	payload = append(binary.LittleEndian.AppendUint32(payload, 800000), 1)
	return string(bitcoinMessage(bitcoinMagic(8333), "version", payload))
}

var apcupsdAnswer = func() string {
	out := ""
	for _, line := range []string{
		"APC      : 001,036,0879\n", "DATE     : 2026-11-22 07:00:00 +0000  \n", "HOSTNAME : closet\n", "VERSION  : 3.14.14 (31 May 2016) debian\n",
		"MODEL    : Smart-UPS 750 \n", "STATUS   : ONLINE \n", "SERIALNO : AS1234567890  \n", "FIRMWARE : UPS 09.3 / ID=18\n",
	} {
		out += string(binary.BigEndian.AppendUint16(nil, uint16(len(line)))) + line
	}
	return out + "\x00\x00"
}()

func TestMediaAndHouses(t *testing.T) {
	const options = "RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY\r\n\r\n"
	identifyPeers(t, false, []peer{
		{
			"rtsp camera of Axis", 554, wiretest.Replies(map[string]string{"OPTIONS": options, "DESCRIBE": "RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Digest realm=\"AXIS_00408C123ABC\", nonce=\"1\"\r\n\r\n"}),
			harrier.Service{Product: "Axis network camera"},
			map[string]string{"device.hint": "camera", "host.mac": "00:40:8c:12:3a:bc", "auth.required": "yes", "rtsp.realm": "AXIS_00408C123ABC"},
		},
		{
			"rtsp camera of Dahua", 554, wiretest.Replies(map[string]string{"OPTIONS": options, "DESCRIBE": "RTSP/1.0 401 Unauthorized\r\nCSeq: 2\r\nWWW-Authenticate: Digest realm=\"Login to 4A07E2BPAZ12345\", nonce=\"1\"\r\n\r\n"}),
			harrier.Service{},
			map[string]string{"device.hint": "camera", "host.serial": "4A07E2BPAZ12345"},
		},
		{
			"rtsp speaker", 5000, wiretest.Replies(map[string]string{"OPTIONS": "RTSP/1.0 200 OK\r\nPublic: ANNOUNCE, SETUP, RECORD, PAUSE, FLUSH, TEARDOWN, OPTIONS\r\nServer: AirTunes/220.68\r\nCSeq: 1\r\n\r\n"}),
			harrier.Service{Product: "Apple AirTunes", Version: "220.68"},
			map[string]string{"device.hint": "media"},
		},
		{
			"rtsp without a sign of a camera", 554, wiretest.Replies(map[string]string{"OPTIONS": options, "DESCRIBE": "RTSP/1.0 404 Not Found\r\nCSeq: 2\r\nServer: GStreamer RTSP server\r\n\r\n"}),
			harrier.Service{Product: "GStreamer RTSP server"},
			map[string]string{"device.hint": "", "auth.required": ""},
		},
		{"rtmp", 1935, wiretest.Replies(map[string]string{"\x03\x00\x00\x00\x00": rtmpAnswer()}), harrier.Service{}, map[string]string{"rtmp.server_version": "5.0.3.1"}},
		{"mpd", 6600, wiretest.Banner("OK MPD 0.23.5\n"), harrier.Service{Product: "Music Player Daemon"}, map[string]string{"mpd.protocol": "0.23.5"}},
		{"asterisk-ami", 5038, wiretest.Banner("Asterisk Call Manager/5.0.2\r\n"), harrier.Service{Product: "Asterisk"}, map[string]string{"asterisk.ami": "5.0.2"}},
		{
			"teamspeak-query", 10011, wiretest.Script(
				wiretest.Step{Unasked: true, Say: "TS3\n\rWelcome to the TeamSpeak 3 ServerQuery interface, type \"help\" for a list of commands.\n\r"},
				wiretest.Step{Expect: []byte("version\n"), Say: "version=3.13.7 build=1655727713 platform=Linux\n\rerror id=0 msg=ok\n\r"}),
			harrier.Service{Product: "TeamSpeak 3 Server", Version: "3.13.7"},
			map[string]string{"os.hint": "Linux"},
		},
		{
			"minecraft", 25565, wiretest.Replies(map[string]string{"": minecraftAnswer(`{"version":{"name":"Paper 1.20.4","protocol":765},"players":{"max":20,"online":3},"description":"x"}`)}),
			harrier.Service{Product: "Minecraft server", Version: "1.20.4"},
			map[string]string{"minecraft.players": "3/20", "minecraft.protocol": "765"},
		},
		{
			"minecraft behind a proxy", 25565, wiretest.Replies(map[string]string{"": minecraftAnswer(`{"version":{"name":"Velocity 1.7.2-1.20.4","protocol":765}}`)}),
			harrier.Service{Product: "Velocity"},
			nil,
		},
		{
			"bitcoin", 8333, wiretest.Replies(map[string]string{"\xf9\xbe\xb4\xd9version": bitcoinAnswer("/Satoshi:25.0.0/")}),
			harrier.Service{Product: "Bitcoin Core", Version: "25.0.0"},
			map[string]string{"bitcoin.height": "800000", "bitcoin.network": "bitcoin"},
		},
		{
			"nut", 3493, wiretest.Replies(map[string]string{
				"VER\n": "Network UPS Tools upsd 2.8.0 - http://www.networkupstools.org/\n", "LIST UPS\n": "BEGIN LIST UPS\nUPS eaton \"Server room\"\nEND LIST UPS\n",
				"LIST VAR eaton\n": "BEGIN LIST VAR eaton\nVAR eaton device.mfr \"EATON\"\nVAR eaton device.model \"5PX 1500\"\nVAR eaton device.serial \"G1234\"\nEND LIST VAR eaton\n",
			}),
			harrier.Service{Product: "Network UPS Tools", Version: "2.8.0"},
			map[string]string{"nut.ups": "eaton", "nut.vendor": "EATON", "nut.model": "5PX 1500", "nut.serial": "G1234"},
		},
		{
			"apcupsd", 3551, wiretest.Replies(map[string]string{"\x00\x06status": apcupsdAnswer}),
			harrier.Service{Product: "apcupsd", Version: "3.14.14"},
			map[string]string{"host.name": "closet", "apcupsd.model": "Smart-UPS 750", "apcupsd.serial": "AS1234567890", "os.hint": "debian"},
		},
		{
			"routeros-api", 8728, wiretest.Replies(map[string]string{"\x05/quit": "\x06!fatal\x1fsession terminated on request...\x00", "": "\x06!fatal\x0dnot logged in\x00"}),
			harrier.Service{Product: "MikroTik RouterOS API"},
			map[string]string{"device.hint": "router"},
		},
		{"cisco-smi", 4786, wiretest.Replies(map[string]string{"\x00\x00\x00\x01": string(smartInstallAnswer)}), harrier.Service{Product: "Cisco Smart Install client"}, map[string]string{"device.hint": "switch"}},
		{
			"openflow", 6653, wiretest.Replies(map[string]string{"\x04\x00\x00\x08": "\x06\x00\x00\x10\x00\x00\x00\x01\x00\x01\x00\x08\x00\x00\x00\x72"}),
			harrier.Service{},
			map[string]string{"openflow.versions": "1.0,1.3,1.4,1.5"},
		},
		{"lpd", 515, wiretest.Replies(map[string]string{"\x03lp\n": "Printer: lp@target 'Generic'\n Queue: no printable jobs in queue\n"}), harrier.Service{Product: "LPRng"}, nil},
	})
}

func TestBitcoinSum(t *testing.T) {
	once := sha256.Sum256(nil)
	twice := sha256.Sum256(once[:])
	if got := bitcoinMessage("\xf9\xbe\xb4\xd9", "verack", nil); string(got[20:24]) != string(twice[:4]) || string(got[20:24]) != "\x5d\xf6\xe0\xe2" {
		t.Errorf("the sum of an empty message is %x; want 5df6e0e2", got[20:24])
	}
}

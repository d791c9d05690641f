package probe

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/wiretest"
)

// modbusAnswer is that of a Schneider M340.
var modbusAnswer = func() string {
	body := "\xff\x2b\x0e\x01\x01\x00\x00\x03" + "\x00\x12Schneider Electric" + "\x01\x0cBMX P34 2020" + "\x02\x04v2.7"
	return "hr\x00\x00" + string(binary.BigEndian.AppendUint16(nil, uint16(len(body)))) + body
}()

const (
	cotpConfirmed = "\x03\x00\x00\x16\x11\xd0\x68\x72\x00\x03\x00\xc0\x01\x0a\xc1\x02\x01\x00\xc2\x02\x01\x02"
	cotpRefused   = "\x03\x00\x00\x0b\x06\x80\x68\x72\x00\x00\x01"
	s7Accepted    = "\x03\x00\x00\x1b\x02\xf0\x80\x32\x03\x00\x00\x00\x00\x00\x08\x00\x00\x00\x00\xf0\x00\x00\x01\x00\x01\x00\xf0"
	iecAnswer     = "\x68\x04\x83\x00\x00\x00"
)

// s7Reply is an answer with records of one size.
func s7Reply(number byte, list uint16, records ...string) string {
	data := binary.BigEndian.AppendUint16(nil, list)
	data = append(data, 0, 0)
	data = binary.BigEndian.AppendUint16(data, uint16(len(records[0])))
	data = binary.BigEndian.AppendUint16(data, uint16(len(records)))
	data = append(data, strings.Join(records, "")...)
	data = append(binary.BigEndian.AppendUint16([]byte{0xff, 9}, uint16(len(data))), data...)
	b := []byte{0x32, 7, 0, 0, 0, number, 0, 12}
	b = binary.BigEndian.AppendUint16(b, uint16(len(data)))
	b = append(b, octets("000112 08 12 84 01 01 00 00 0000")...)
	return string(cotpData(append(b, data...)))
}

var (
	s7Module = s7Reply(1, 0x11,
		"\x00\x01"+"6ES7 315-2EH14-0AB0 "+"\x00\xc0\x00\x04\x00\x01", "\x00\x06"+"6ES7 315-2EH14-0AB0 "+"\x00\xc0\x00\x04\x00\x01",
		"\x00\x07"+strings.Repeat(" ", 20)+"\x00\xc0\x56\x03\x02\x06")
	s7Component = s7Reply(2, 0x1c,
		"\x00\x01"+padded("SAAP7-SERVER", 32), "\x00\x02"+padded("CPU 315-2 PN/DP", 32), "\x00\x05"+padded("S C-C2UR28922012", 32), "\x00\x07"+padded("CPU 315-2 PN/DP", 32))
	mmsAccepted = string(cotpData(append(octets("0e 1b 05 06 13 01 00 16 01 02 14 02 0002 c1 0d 31 0b a0 03 80 01 01"), octets("06 05 28ca220201")...)))
	mmsIdentity = string(cotpData(append([]byte{1, 0, 1, 0}, berOf(0x61, presented(mmsContext, berOf(0xa1, []byte{2, 1, 1},
		berOf(0xa2, berOf(0x80, []byte("SIEMENS")), berOf(0x81, []byte("7SJ85")), berOf(0x82, []byte("08.03"))))))...)))
)

// enipAnswer is that of a ControlLogix bridge.
var enipAnswer = func() string {
	const name = "1756-EN2T/B"
	id := "\x01\x00" + "\x00\x02\xaf\x12\x0a\x00\x00\x05\x00\x00\x00\x00\x00\x00\x00\x00" + "\x01\x00\x0c\x00\xa6\x00\x05\x1c\x30\x00\x78\x56\x34\x12" + string(rune(len(name))) + name + "\x03"
	body := "\x01\x00\x0c\x00" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(id)))) + id
	return "\x63\x00" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(body)))) + "\x00\x00\x00\x00\x00\x00\x00\x00harrier\x00\x00\x00\x00\x00" + body
}()

const foxAnswer = "fox a 0 -1 fox hello\n{\nfox.version=s:1.0.1\nid=i:82\nhostName=s:boiler7\nhostAddress=s:192.0.2.7\napp.name=s:Station\napp.version=s:3.8.38\n" +
	"vm.name=s:IBM J9 VM\nos.name=s:QNX\nos.version=s:6.4.1\nstation.name=s:plant\nhostId=s:Qnx-NPM6-0000-17F1-4C2A\nvmUuid=u:11a2b3c4-0000-0000-0000-000000000001\nbrandId=s:vykon\n};;\n"

const (
	finsNode      = "FINS\x00\x00\x00\x10\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xef\x00\x00\x00\x01"
	slmpAnswer    = "\xd0\x00\x00\xff\xff\x03\x00\x14\x00\x00\x00Q03UDECPU       \x68\x02"
	pcworxSession = "\x81\x01\x00\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x2a\x00\x00"
	atgAnswer     = "\x01\r\nI20100\r\nNOV 22, 2026  7:11 AM\r\n\r\nSTATION NUMBER 7\r\n\r\nIN-TANK INVENTORY\r\n\r\nTANK PRODUCT\r\n  1  UNLEADED  3456\r\n\x03"
)

var finsData = "FINS\x00\x00\x00\x3e\x00\x00\x00\x02\x00\x00\x00\x00" + "\xc0\x00\x02\x00\xef\x00\x00\x01\x00h" + "\x05\x01\x00\x00" + padded("CJ2M-CPU31", 20) + padded("02.01", 20)

var pcworxInfo = func() string {
	b := make([]byte, 180)
	copy(b, "\x81\x06\x00\xb4")
	copy(b[30:], "ILC 330 ETH")
	copy(b[66:], "3.95T")
	copy(b[79:], "Mar  2 2012")
	copy(b[91:], "09:39:02")
	copy(b[152:], "2737193")
	return string(b)
}()

var proconosAnswer = func() string {
	b := make([]byte, 120)
	copy(b, "\xcc\x01\x00\x6e\x40\x82")
	copy(b[12:], "ProConOS V3.0.1040 Oct 29 2002")
	copy(b[44:], "ADAM5510KW 1.24 Build 005")
	copy(b[77:], "510-projec")
	return string(b)
}()

var codesysAnswer = func() string {
	b := make([]byte, 170)
	copy(b, "\xbb\xbb\x01\x00\x00\x00\x01")
	copy(b[64:], "Nucleus PLUS")
	copy(b[96:], "Nucleus PLUS unknown version")
	copy(b[128:], "WAGO 750-881 PFC")
	return string(b)
}()

var opcuaOpened = string(opcuaMessage("OPNF", append(append(opcuaText([]byte{7, 0, 0, 0}, "http://opcfoundation.org/UA/SecurityPolicy#None"),
	octets("ffffffff ffffffff 01000000 01000000 0100c101 0000000000000000 01000000 00000000 00 00000000 0000 00 00000000")...),
	octets("07000000 09000000 0000000000000000 60ea0000 ffffffff")...)))

var opcuaEndpoints = func() string {
	b := octets("07000000 09000000 02000000 02000000 0100af01 0000000000000000 02000000 00000000 00 00000000 0000 00")
	b = append(b, 2, 0, 0, 0)
	for mode, policy := range []string{1: "None", 3: "Basic256Sha256"} {
		if policy == "" {
			continue
		}
		b = opcuaText(b, "opc.tcp://plant:4840")
		b = opcuaText(opcuaText(b, "urn:plant:server"), "http://open62541.org")
		b = opcuaText(append(b, 3, 2, 0, 0, 0, 'e', 'n'), "Plant server")
		b = append(b, octets("00000000 ffffffff ffffffff 01000000")...)
		b = opcuaText(b, "opc.tcp://plant:4840")
		b = append(b, octets("ffffffff")...)
		b = append(b, byte(mode), 0, 0, 0)
		b = opcuaText(b, "http://opcfoundation.org/UA/SecurityPolicy#"+policy)
		b = append(b, 1, 0, 0, 0)
		b = append(opcuaText(b, "name"), octets("01000000 ffffffff ffffffff ffffffff")...)
		b = append(opcuaText(b, "http://opcfoundation.org/UA-Profile/Transport/uatcp-uasc-uabinary"), 0)
	}
	return string(opcuaMessage("MSGF", b))
}()

func TestMachines(t *testing.T) {
	plc := func(more map[string]string) map[string]string {
		more["device.hint"] = "plc"
		return more
	}
	identifyPeers(t, true, []peer{
		{
			"modbus", 502, wiretest.Replies(map[string]string{"hr\x00\x00\x00\x05\xff\x2b": modbusAnswer}),
			harrier.Service{Product: "Schneider Electric BMX P34 2020", Version: "2.7"},
			plc(map[string]string{"device.vendor": "Schneider Electric", "modbus.product": "BMX P34 2020", "device.firmware": "v2.7"}),
		},
		{"modbus that does not tell", 502, wiretest.Replies(map[string]string{"hr\x00\x00": "hr\x00\x00\x00\x03\xff\xab\x01"}), harrier.Service{}, plc(map[string]string{"modbus.exception": "1"})},
		{
			"s7", 102, wiretest.Replies(map[string]string{
				"\x03\x00\x00\x16\x11\xe0": cotpConfirmed, "\x03\x00\x00\x19\x02\xf0\x80\x32\x01": s7Accepted,
				"\x03\x00\x00\x21\x02\xf0\x80\x32\x07\x00\x00\x00\x01": s7Module, "\x03\x00\x00\x21\x02\xf0\x80\x32\x07\x00\x00\x00\x02": s7Component,
			}),
			harrier.Service{Product: "Siemens SIMATIC S7 6ES7 315-2EH14-0AB0", Version: "3.2.6"},
			plc(map[string]string{"s7.module": "6ES7 315-2EH14-0AB0", "device.firmware": "3.2.6", "host.serial": "S C-C2UR28922012", "device.model": "CPU 315-2 PN/DP", "s7.system": "SAAP7-SERVER"}),
		},
		{
			"s7 in the first slot", 102, wiretest.Replies(map[string]string{
				string(cotpConnect(0x0102)): cotpRefused, string(cotpConnect(0x0100)): cotpConfirmed, "\x03\x00\x00\x19\x02\xf0\x80\x32\x01": s7Accepted,
			}),
			harrier.Service{Product: "Siemens S7"},
			plc(map[string]string{}),
		},
		{
			"mms", 102, wiretest.Replies(map[string]string{"\x03\x00\x00\x16\x11\xe0": cotpConfirmed, string(cotpData(mmsConnect())): mmsAccepted, string(cotpData(mmsIdentify())): mmsIdentity, "\x03": cotpRefused}),
			harrier.Service{Product: "SIEMENS 7SJ85", Version: "08.03"},
			map[string]string{"device.vendor": "SIEMENS", "device.model": "7SJ85"},
		},
		{"iso-tsap", 102, wiretest.Replies(map[string]string{"\x03\x00\x00\x16\x11\xe0": cotpRefused}), harrier.Service{}, nil},
		{
			"ethernet-ip", 44818, wiretest.Replies(map[string]string{"\x63\x00\x00\x00": enipAnswer}),
			harrier.Service{Product: "Rockwell Automation 1756-EN2T/B", Version: "5.28"},
			plc(map[string]string{"device.vendor": "Rockwell Automation", "host.serial": "enip-1-12345678", "enip.type": "communications adapter", "device.firmware": "5.28"}),
		},
		{
			"fox", 1911, wiretest.Replies(map[string]string{"fox a 1": foxAnswer}),
			harrier.Service{Product: "Tridium Niagara", Version: "3.8.38", CPE: "cpe:2.3:a:tridium:niagara:3.8.38:*:*:*:*:*:*:*"},
			map[string]string{"host.name": "boiler7", "os.hint": "QNX 6.4.1", "device.vendor": "vykon", "host.serial": "Qnx-NPM6-0000-17F1-4C2A", "fox.vm_uuid": "11a2b3c4-0000-0000-0000-000000000001"},
		},
		{"iec-104", 2404, wiretest.Replies(map[string]string{"\x68\x04\x43": iecAnswer}), harrier.Service{}, map[string]string{"device.hint": "ics"}},
		{"dnp3", 20000, wiretest.Replies(map[string]string{"\x05\x64\x05\xc9": string(dnp3Frame(0x0b, 0, 1))}), harrier.Service{}, map[string]string{"dnp3.address": "1"}},
		{
			"opcua", 4840, wiretest.Replies(map[string]string{"HELF": string(opcuaMessage("ACKF", make([]byte, 20))), "OPNF": opcuaOpened, "MSGF": opcuaEndpoints}),
			harrier.Service{Product: "open62541"},
			map[string]string{"opcua.application": "Plant server", "opcua.application_uri": "urn:plant:server", "opcua.security": "None/None,Basic256Sha256/SignAndEncrypt", "opcua.tokens": "username", "auth.required": "yes"},
		},
		{
			"fins", 9600, wiretest.Replies(map[string]string{"FINS\x00\x00\x00\x0c": finsNode, "FINS": finsData}),
			harrier.Service{Product: "Omron CJ2M-CPU31", Version: "02.01"},
			plc(map[string]string{"device.model": "CJ2M-CPU31", "device.firmware": "02.01"}),
		},
		{"slmp", 5007, wiretest.Replies(map[string]string{"\x50\x00": slmpAnswer}), harrier.Service{Product: "Mitsubishi Electric Q03UDECPU"}, plc(map[string]string{"device.model": "Q03UDECPU"})},
		{
			"pcworx", 1962, wiretest.Replies(map[string]string{"\x01\x01": pcworxSession, "\x01\x05\x00\x16\x00\x01\x00\x00\x78\x80\x00\x2a": "\x81\x05\x00\x08\x00\x00\x00\x00", "\x01\x06\x00\x0e\x00\x02\x00\x00\x00\x00\x00\x2a": pcworxInfo}),
			harrier.Service{Product: "Phoenix Contact ILC 330 ETH", Version: "3.95T"},
			plc(map[string]string{"pcworx.order": "2737193", "pcworx.built": "Mar 2 2012 09:39:02"}),
		},
		{
			"proconos", 20547, wiretest.Replies(map[string]string{"\xcc\x01": proconosAnswer}),
			harrier.Service{Product: "ProConOS", Version: "3.0.1040"},
			plc(map[string]string{"device.model": "ADAM5510KW 1.24 Build 005", "proconos.project": "510-projec"}),
		},
		{
			"codesys", 2455, wiretest.Replies(map[string]string{"\xbb\xbb": codesysAnswer}),
			harrier.Service{Product: "CODESYS V2 runtime"},
			plc(map[string]string{"device.model": "WAGO 750-881 PFC", "codesys.os": "Nucleus PLUS Nucleus PLUS unknown version"}),
		},
		{"ge-srtp", 18245, wiretest.Replies(map[string]string{"\x00\x00\x00\x00": "\x01" + strings.Repeat("\x00", 55)}), harrier.Service{Product: "GE controller"}, plc(map[string]string{})},
		{
			"crimson", 789, wiretest.Replies(map[string]string{"\x00\x04\x01\x2b": "\x00\x18\x01\x2b\x1b\x00Red Lion Controls\x00", "\x00\x04\x01\x2a": "\x00\x0a\x01\x2a\x1a\x00G306A\x00"}),
			harrier.Service{Product: "Red Lion Controls G306A"},
			map[string]string{"device.model": "G306A"},
		},
		{"atg", 10001, wiretest.Replies(map[string]string{"\x01I20100": atgAnswer}), harrier.Service{Product: "Veeder-Root automatic tank gauge"}, map[string]string{"atg.station": "STATION NUMBER 7"}},
		{"hart-ip", 5094, wiretest.Replies(map[string]string{"\x01\x00\x00\x00hr": "\x01\x01\x00\x00hr\x00\x0d\x01\x00\x00\x75\x30"}), harrier.Service{}, map[string]string{"hartip.version": "1"}},
	})
}

// TestDNP3Sum takes a frame from the standard's example of a link reset.
func TestDNP3Sum(t *testing.T) {
	if got := string(dnp3Frame(0xc0, 1, 0x400)); got != "\x05\x64\x05\xc0\x01\x00\x00\x04\xe9\x21" {
		t.Errorf("frame = %x; want 056405c001000004e921", got)
	}
}

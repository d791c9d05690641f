package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"

	"github.com/harrier-scan/harrier"
)

// The protocols of this file belong to one vendor each and have no public
// document; the form of question and answer is known from captures.

// pcworxProtocol is that of Phoenix Contact's inline controllers.
var pcworxProtocol = Protocol{
	Name: "pcworx", Transport: harrier.TCP, Ports: []uint16{1962},
	Industrial: true,
	Hello:      func(Target) []byte { return pcworxHello() },
	Done:       pcworxDone,
	Reply:      isPCWorx,
	Learn:      learnPCWorx,
}

func pcworxHello() []byte {
	return append(octets("01 01 001a 0000 0000 78 80 00 03 000c"), "IBETH01N0_M\x00"...)
}

// isPCWorx takes the short answer that gives the number of a session.
func isPCWorx(b []byte) bool {
	return len(b) >= 18 && len(b) < 64 && b[0] == 0x81 && b[1] == 1 && pcworxDone(b)
}

func learnPCWorx(ctx context.Context, x *talk, _ []byte, _ bool) {
	x.fact("device.hint", "plc")
	x.fact("device.vendor", "Phoenix Contact")
	x.is("Phoenix Contact controller", "", "", "answer to IBETH01N0_M")
	w, err := x.open(ctx)
	if err != nil {
		return
	}
	defer w.Close()
	b, err := w.ask(pcworxHello(), pcworxDone)
	if err != nil || !isPCWorx(b) {
		return
	}
	session := b[17]
	for _, question := range [][]byte{
		octets("01 05 0016 0001 0000 78 80 00 00 0000 0006 0004 0295 0000"),
		octets("01 06 000e 0002 0000 0000 00 00 0400"),
	} {
		question[11] = session
		if b, err = w.ask(question, pcworxDone); err != nil {
			return
		}
	}
	x.notePCWorx(b)
}

func pcworxDone(b []byte) bool {
	return len(b) >= 4 && len(b) >= int(binary.BigEndian.Uint16(b[2:])) && binary.BigEndian.Uint16(b[2:]) >= 4
}

func (x *talk) notePCWorx(b []byte) {
	model := zeroText(b, 30)
	if len(b) == 0 || b[0] != 0x81 || !plainText([]byte(model)) {
		return
	}
	x.fact("device.model", model)
	x.fact("pcworx.order", zeroText(b, 152))
	x.fact("device.firmware", zeroText(b, 66))
	x.fact("pcworx.built", strings.TrimSpace(zeroText(b, 79)+" "+zeroText(b, 91)))
	x.s.Banner = clip(model, maxBanner)
	x.is("Phoenix Contact "+model, "", versionText(zeroText(b, 66)), model+" firmware "+zeroText(b, 66))
}

// proconosProtocol is the runtime of KW-Software in controllers of many makers.
var proconosProtocol = Protocol{
	Name: "proconos", Transport: harrier.TCP, Ports: []uint16{20547},
	Industrial: true,
	Hello:      func(Target) []byte { return octets("cc 01 000b 4002 0000 47 ee") },
	Reply: func(b []byte) bool {
		return len(b) >= 45 && b[0] == 0xcc && proconosVersion.MatchString(zeroText(b, 12))
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		runtime := zeroText(first, 12)
		x.fact("device.hint", "plc")
		x.fact("proconos.runtime", runtime)
		x.fact("device.model", zeroText(first, 44))
		x.fact("proconos.project", zeroText(first, 77))
		x.s.Banner = clip(runtime, maxBanner)
		x.is("ProConOS", "phoenixcontact-software:proconos", proconosVersion.FindStringSubmatch(runtime)[1], runtime)
	},
}

var proconosVersion = pattern(`^ProConOS (?:eCLR )?V(\d{1,2}\.\d{1,2}\.\d{1,5})`)

// codesysProtocol is the gateway of CODESYS 2 runtimes.
var codesysProtocol = Protocol{
	Name: "codesys", Transport: harrier.TCP, Ports: []uint16{2455, 1200},
	Industrial: true,
	Hello:      func(Target) []byte { return octets("bbbb 01000000 01") },
	Reply: func(b []byte) bool {
		return len(b) >= 130 && b[0] == 0xbb && b[1] == 0xbb && plainText([]byte(zeroText(b, 64))) && plainText([]byte(zeroText(b, 128)))
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.fact("device.hint", "plc")
		x.fact("codesys.os", strings.TrimSpace(zeroText(first, 64)+" "+zeroText(first, 96)))
		x.fact("device.model", zeroText(first, 128))
		x.s.Banner = clip(zeroText(first, 128), maxBanner)
		x.is("CODESYS V2 runtime", "codesys:runtime_system_toolkit", "", zeroText(first, 128))
	},
}

// srtpProtocol is that of GE's controllers; the question opens a session and is
// all zeroes.
var srtpProtocol = Protocol{
	Name: "ge-srtp", Transport: harrier.TCP, Ports: []uint16{18245, 18246},
	Industrial: true,
	Hello:      func(Target) []byte { return make([]byte, 56) },
	Done:       func(b []byte) bool { return len(b) >= 56 },
	Reply: func(b []byte) bool {
		return len(b) == 56 && b[0] == 1 && bytes.Count(b, []byte{0}) >= 50
	},
	Learn: func(_ context.Context, x *talk, _ []byte, _ bool) {
		x.fact("device.hint", "plc")
		x.fact("device.vendor", "GE")
		x.is("GE controller", "", "", "SRTP session opened")
	},
}

// crimsonProtocol is that of Red Lion's panels; the question reads the name of
// the maker, the next that of the model.
var crimsonProtocol = Protocol{
	Name: "crimson", Transport: harrier.TCP, Ports: []uint16{789},
	Industrial: true,
	Hello:      func(Target) []byte { return octets("0004 012b 1b00") },
	Done:       crimsonDone,
	Reply:      func(b []byte) bool { return strings.HasPrefix(crimsonText(b), "Red Lion") },
	Learn: func(ctx context.Context, x *talk, first []byte, _ bool) {
		vendor := crimsonText(first)
		x.fact("device.hint", "ics")
		x.fact("device.vendor", vendor)
		x.is(vendor+" panel", "", "", vendor)
		if b, err := x.ask(ctx, octets("0004 012a 1a00"), crimsonDone); err == nil && crimsonText(b) != "" {
			x.fact("device.model", crimsonText(b))
			x.is(vendor+" "+crimsonText(b), "", "", vendor+" "+crimsonText(b))
		}
	},
}

func crimsonDone(b []byte) bool { return len(b) > 6 && b[len(b)-1] == 0 }

// crimsonText is the text behind the head of six octets.
func crimsonText(b []byte) string {
	if text := zeroText(b, 6); plainText([]byte(text)) {
		return text
	}
	return ""
}

// atgProtocol is that of gauges in fuel tanks. The question is for the report
// of what is in them, which changes nothing.
//
// Source: Veeder-Root 576013-635, serial interface, function code 201.
var atgProtocol = Protocol{
	Name: "atg", Transport: harrier.TCP, Ports: []uint16{10001},
	Industrial: true,
	Hello:      func(Target) []byte { return []byte("\x01I20100\r\n") },
	Done:       func(b []byte) bool { return bytes.IndexByte(b, 3) >= 0 },
	Reply:      atgReport.Match,
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		lines := strings.FieldsFunc(string(first[:min(len(first), 4096)]), func(r rune) bool { return r == '\n' || r == '\r' || r < ' ' })
		if len(lines) > 2 {
			x.fact("atg.station", oneLine(lines[2]))
		}
		x.s.Banner = printable(first)
		x.fact("device.hint", "ics")
		x.fact("auth.required", "no")
		x.is("Veeder-Root automatic tank gauge", "", "", "I20100 report")
	},
}

// atgReport fits the code that the gauge repeats, and date and time behind it.
var atgReport = pattern(`^\x01?[\r\n]*I20100\r?\n[^\n]{0,60}\d{1,2}:\d\d`)

// hartProtocol carries HART, the protocol of field devices, over IP. The question
// opens a session; the devices behind are left alone.
//
// Source: FieldComm Group, HART-IP (HCF_SPEC-085), section "Session Initiate".
var hartProtocol = Protocol{
	Name: "hart-ip", Transport: harrier.TCP, Ports: []uint16{5094},
	Industrial: true,
	Hello:      func(Target) []byte { return octets("01 00 00 00 6872 000d 01 00007530") },
	Done:       func(b []byte) bool { return len(b) >= 8 && len(b) >= int(binary.BigEndian.Uint16(b[6:])) },
	Reply: func(b []byte) bool {
		return len(b) >= 8 && (b[0] == 1 || b[0] == 2) && b[1] == 1 && b[2] == 0 && bytes.Equal(b[4:6], []byte("hr")) && int(binary.BigEndian.Uint16(b[6:])) == len(b)
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		x.fact("hartip.version", itoa(int(first[0])))
		x.fact("device.hint", "ics")
	},
}

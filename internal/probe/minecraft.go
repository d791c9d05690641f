package probe

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"strconv"

	"github.com/harrier-scan/harrier"
)

// minecraftProtocol is asked what a list of servers shows.
//
// Source: Minecraft protocol documentation, "Server List Ping".
var minecraftProtocol = Protocol{
	Name: "minecraft", Transport: harrier.TCP, Ports: []uint16{25565, 25566, 25575},
	Hello: minecraftHello,
	Done:  func(b []byte) bool { c := cursor{b: b}; n := c.uvarint(); return !c.bad && uint64(len(c.b)) >= n },
	Reply: func(b []byte) bool { _, ok := parseMinecraft(b); return ok },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		s, _ := parseMinecraft(first)
		x.s.Banner = clip(oneLine(s.Version.Name), maxBanner)
		x.fact("minecraft.version", s.Version.Name)
		x.fact("minecraft.protocol", strconv.Itoa(s.Version.Protocol))
		x.fact("minecraft.players", strconv.Itoa(s.Players.Online)+"/"+strconv.Itoa(s.Players.Max))
		x.tell("minecraft", s.Version.Name)
	},
}

// minecraftHello is a handshake that wants the status, and the request for it.
func minecraftHello(t Target) []byte {
	name := clip(t.Name, 250)
	if name == "" {
		name = t.Addr.String()
	}
	body := []byte{0, 0xff, 0xff, 0xff, 0xff, 0x0f} // any version
	body = binary.AppendUvarint(body, uint64(len(name)))
	body = append(body, name...)
	body = append(binary.BigEndian.AppendUint16(body, t.Port), 1)
	return append(append(binary.AppendUvarint(nil, uint64(len(body))), body...), 1, 0)
}

// minecraftStatus is the part of interest.
type minecraftStatus struct {
	Version struct {
		Name     string `json:"name"`
		Protocol int    `json:"protocol"`
	} `json:"version"`
	Players struct {
		Online int `json:"online"`
		Max    int `json:"max"`
	} `json:"players"`
}

func parseMinecraft(b []byte) (minecraftStatus, bool) {
	var s minecraftStatus
	c := cursor{b: b}
	packet := cursor{b: c.varbytes()}
	if packet.u8() != 0 {
		return s, false
	}
	text := packet.varbytes()
	if packet.bad || json.Unmarshal(text, &s) != nil {
		return s, false
	}
	return s, s.Version.Name != ""
}

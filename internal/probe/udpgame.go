package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"strings"

	"github.com/harrier-scan/harrier/internal/probe/question"
)

var sourceUDP = overUDP(Protocol{
	Name: "source-engine",
	Reply: func(b []byte) bool {
		_, ok := parseSourceInfo(b)
		return ok || isSourceChallenge(b)
	},
	Learn: func(ctx context.Context, x *talk, first []byte, _ bool) {
		if isSourceChallenge(first) {
			ask := bytes.Clone(question.Of("source-engine").Data[0])
			first = x.further(ctx, append(ask, first[5:9]...))
		}
		info, ok := parseSourceInfo(first)
		if !ok {
			return
		}
		x.is(info.game, "", info.version, info.game+" "+info.version)
		x.fact("game.name", info.name)
		x.fact("game.map", info.place)
		x.fact("game.folder", info.folder)
		x.fact("os.hint", map[byte]string{'l': "Linux", 'w': "Windows", 'm': "macOS", 'o': "macOS"}[info.system])
	},
})

// isSourceChallenge reports whether b asks for the question again, with a number.
func isSourceChallenge(b []byte) bool { return len(b) == 9 && string(b[:5]) == "\xff\xff\xff\xffA" }

type sourceInfo struct {
	name, place, folder, game, version string
	system                             byte
}

// parseSourceInfo reads the answer to A2S_INFO.
//
// Source: Valve's developer wiki, "Server queries".
func parseSourceInfo(b []byte) (sourceInfo, bool) {
	s := cursor{b: bytes.TrimPrefix(b, []byte("\xff\xff\xff\xffI"))}
	if len(s.b) == len(b) {
		return sourceInfo{}, false
	}
	s.skip(1) // protocol
	var i sourceInfo
	for _, field := range []*string{&i.name, &i.place, &i.folder, &i.game} {
		*field = clip(oneLine(s.zeroed()), 128)
	}
	s.skip(2 + 3 + 1) // application, players, kind of server
	i.system = byte(s.u8())
	s.skip(2) // password, VAC
	if i.folder == "ship" {
		s.skip(3) // The Ship has fields of its own
	}
	if version := s.zeroed(); dottedNumber.MatchString(version) {
		i.version = version
	}
	return i, !s.bad && i.game != ""
}

var quakeUDP = overUDP(Protocol{
	Name:  "quake3",
	Reply: func(b []byte) bool { return bytes.HasPrefix(b, []byte("\xff\xff\xff\xffinfoResponse")) },
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		info := map[string]string{}
		fields := strings.Split(string(first[min(len(first), len("\xff\xff\xff\xffinfoResponse\n\\")):]), `\`)
		for i := 0; i+1 < len(fields) && i < 128; i += 2 {
			info[strings.ToLower(fields[i])] = fields[i+1]
		}
		x.fact("game.name", info["hostname"])
		x.fact("game.map", info["mapname"])
		x.fact("game.folder", info["gamename"])
		x.fact("game.protocol", info["protocol"])
	},
})

var bedrockUDP = overUDP(Protocol{
	Name: "minecraft-bedrock",
	Reply: func(b []byte) bool {
		return len(b) >= 35 && b[0] == 0x1c && bytes.Equal(b[17:33], question.Of("minecraft-bedrock").Data[0][9:25]) && int(binary.BigEndian.Uint16(b[33:])) <= len(b)-35
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		f := strings.Split(string(first[35:35+int(binary.BigEndian.Uint16(first[33:]))]), ";")
		if len(f) < 6 || f[0] != "MCPE" && f[0] != "MCEE" {
			return
		}
		version := ""
		if dottedNumber.MatchString(f[3]) {
			version = f[3]
		}
		x.is("Minecraft Bedrock server", "", version, clip(strings.Join(f[:4], ";"), maxEvidence))
		x.fact("game.name", f[1])
		x.fact("game.protocol", f[2])
	},
})

var dhtUDP = overUDP(Protocol{
	Name: "bittorrent-dht",
	Reply: func(b []byte) bool {
		return len(b) > 20 && b[0] == 'd' && b[len(b)-1] == 'e' && bytes.Contains(b, []byte("1:t2:hr")) && (bytes.Contains(b, []byte("1:y1:r")) || bytes.Contains(b, []byte("1:y1:e")))
	},
	Learn: func(_ context.Context, x *talk, first []byte, _ bool) {
		if _, rest, found := bytes.Cut(first, []byte("1:v4:")); found && len(rest) >= 4 && isPlain(rest[:2]) {
			x.fact("dht.client", string(rest[:2]))
		}
	},
})

var trackerUDP = overUDP(Protocol{
	Name:  "bittorrent-tracker",
	Reply: func(b []byte) bool { return len(b) == 16 && bytes.Equal(b[:8], []byte("\x00\x00\x00\x00HRHR")) },
})

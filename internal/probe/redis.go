package probe

import (
	"bytes"
	"context"
	"strings"

	"github.com/harrier-scan/harrier"
)

var redisProtocol = Protocol{
	Name: "redis", Transport: harrier.TCP, Ports: []uint16{6379, 6380, 16379, 26379, 51379, 7000, 7001, 6378},
	Common: true,
	Hello:  func(Target) []byte { return []byte("*2\r\n$4\r\nINFO\r\n$6\r\nserver\r\n") },
	Done:   redisDone,
	Reply:  isRedis,
	Banner: func(b []byte) bool {
		return bytes.HasPrefix(b, []byte("-DENIED Redis")) || bytes.HasPrefix(b, []byte("-NOAUTH ")) ||
			bytes.HasPrefix(b, []byte("-ERR wrong number of arguments for 'get' command")) ||
			bytes.HasPrefix(b, []byte("-ERR unknown command"))
	},
	Learn: learnRedis,
}

// redisDone reports that a bulk string or a single line is complete.
func redisDone(b []byte) bool {
	if !oneLineDone(b) {
		return false
	}
	if len(b) > 0 && b[0] == '$' {
		return bytes.Count(b, []byte("\r\n")) > 2
	}
	return true
}

func isRedis(b []byte) bool {
	return b[0] == '$' && bytes.Contains(b, []byte("_version:")) ||
		bytes.HasPrefix(b, []byte("-NOAUTH")) || bytes.HasPrefix(b, []byte("-DENIED")) ||
		bytes.HasPrefix(b, []byte("-NOPERM")) || bytes.HasPrefix(b, []byte("-LOADING")) || bytes.HasPrefix(b, []byte("-ERR unknown command"))
}

func learnRedis(_ context.Context, x *talk, first []byte, _ bool) {
	x.s.Banner = printable(first)
	info := colonLines(first)
	version := info["redis_version"]
	switch {
	case info["valkey_version"] != "":
		x.is("Valkey", "lfprojects:valkey", info["valkey_version"], "valkey_version:"+info["valkey_version"])
	case info["dragonfly_version"] != "":
		v := strings.TrimPrefix(strings.TrimPrefix(info["dragonfly_version"], "df-"), "v")
		x.is("Dragonfly", "dragonflydb:dragonfly", v, "dragonfly_version:"+info["dragonfly_version"])
	case info["kvrocks_version"] != "":
		x.is("Apache Kvrocks", "apache:kvrocks", info["kvrocks_version"], "kvrocks_version:"+info["kvrocks_version"])
	case version != "":
		x.is("Redis", "redis:redis", version, "redis_version:"+version)
	case bytes.HasPrefix(first, []byte("-DENIED Redis")):
		x.is("Redis", "redis:redis", "", firstLine(first))
	}
	x.fact("redis.mode", info["redis_mode"])
	x.fact("os.hint", info["os"])
	switch {
	case version != "":
		x.fact("auth.required", "no")
	case bytes.HasPrefix(first, []byte("-NOAUTH")), bytes.HasPrefix(first, []byte("-DENIED")):
		x.fact("auth.required", "yes")
	}
}

// colonLines reads lines of the form "key:value".
func colonLines(b []byte) map[string]string {
	out := map[string]string{}
	for line := range strings.SplitSeq(string(b), "\n") {
		if key, value, found := strings.Cut(strings.TrimRight(line, "\r"), ":"); found && len(out) < 200 {
			out[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return out
}

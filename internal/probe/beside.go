package probe

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// beside is a protocol that may share a port with another one: behind a
// multiplexer, or in a server that looks at the first bytes.
type beside struct {
	name  string
	with  []string            // the services at whose ports it is asked for
	hello func(Target) []byte // nil: TLS is asked for
	is    func(reply []byte) bool
}

// besides lists what is asked for at a port that is recognised: four questions
// at most, each over its own connection, all within one wait.
var besides = []beside{
	{"tls", []string{"http", "ssh"}, nil, nil},
	{"http", []string{"ssh", "socks", "tls"}, httpProtocol.Hello, isPlainSite},
	{"ssh", []string{"http", "tls"}, func(Target) []byte { return []byte("SSH-2.0-Harrier\r\n") }, isSSHBanner},
	{"socks", []string{"http"}, func(Target) []byte { return []byte{5, 1, 0} }, func(b []byte) bool { return len(b) == 2 && b[0] == 5 && (b[1] == 0 || b[1] == 0xff) }},
	{"http2", []string{"http"}, http2Hello, func(b []byte) bool { return http2Reply(b) != "" }},
}

func isSSHBanner(b []byte) bool {
	return bytes.HasPrefix(b, []byte("SSH-2.0-")) || bytes.HasPrefix(b, []byte("SSH-1.99-"))
}

// isPlainSite reports whether b is an answer of a plain web server, not the
// refusal of one that wants TLS, nor where it leads there.
func isPlainSite(b []byte) bool {
	r, ok := parseHTTP(b)
	return ok && isHTTP(b) && !isRefusal(b) && (r.status/100 != 3 || !strings.HasPrefix(strings.ToLower(r.get("Location")), "https:"))
}

// seekBeside tells what else the port answers to. First is by what the service
// was recognised.
func (x *talk) seekBeside(ctx context.Context, first []byte) {
	if x.Gentle || x.alone.Load() || x.starttlsSpoken() {
		return
	}
	kind := x.s.Name
	if x.s.TLS {
		kind = onlyTLS
	}
	inside := x.inside
	x.inside = nil // all of them are asked in plain
	defer func() { x.inside = inside }()
	names := make([]string, len(besides))
	var wg sync.WaitGroup
	for i, b := range besides {
		if slices.Contains(b.with, kind) && worthwhile(b, kind, first) {
			wg.Go(func() { x.safely(func() { names[i] = x.askBeside(ctx, b) }) })
		}
	}
	wg.Wait()
	for _, name := range names {
		if name != "" {
			x.s.Also = append(x.s.Also, name)
			x.conclude("beside", "speaks "+name+" too")
		}
	}
}

// worthwhile leaves out questions that the first answer makes idle: what serves
// pages in plain is no SOCKS proxy, what leads to TLS was asked for it.
func worthwhile(b beside, kind string, first []byte) bool {
	if kind != "http" {
		return true
	}
	r, _ := parseHTTP(first)
	return b.name != "socks" || r.status >= 400 || r.status == 0
}

// starttlsSpoken reports whether the service goes over to TLS by itself, in
// which case TLS from the first byte was seen to be something else.
func (x *talk) starttlsSpoken() bool { return x.s.Facts["tls.starttls"] != "" }

// askBeside asks for b, and returns the name of what answered; "" for nothing.
func (x *talk) askBeside(ctx context.Context, b beside) string {
	w, err := x.openAs(ctx, b.name+", beside")
	if err != nil {
		return ""
	}
	defer w.Close()
	w.limit = min(x.patience(), x.Timeout)
	if b.hello == nil {
		ctx, cancel := context.WithTimeout(ctx, w.limit)
		defer cancel()
		if g, _ := x.shake(ctx, w); g == nil {
			return ""
		} else if len(x.s.Certificates) == 0 {
			x.greet(g)
		}
		return b.name
	}
	reply, err := w.ask(b.hello(x.Target), nil)
	if err != nil || !b.is(reply) {
		return ""
	}
	if b.name == "http2" {
		return http2Reply(reply)
	}
	return b.name
}

// http2Hello opens HTTP/2 with prior knowledge and calls the health service of
// gRPC, which servers without it refuse in their own way.
//
// Source: RFC 9113, section 3.4; the document "gRPC over HTTP2".
func http2Hello(t Target) []byte {
	var b, block bytes.Buffer
	b.WriteString(http2.ClientPreface)
	frames := http2.NewFramer(&b, nil)
	_ = frames.WriteSettings() // into memory: never fails
	fields := hpack.NewEncoder(&block)
	for _, f := range [][2]string{
		{":method", "POST"},
		{":scheme", "http"},
		{":path", "/grpc.health.v1.Health/Check"},
		{":authority", t.Addr.Unmap().WithZone("").String()},
		{"content-type", "application/grpc"},
		{"te", "trailers"},
		{"user-agent", "harrier"},
	} {
		_ = fields.WriteField(hpack.HeaderField{Name: f[0], Value: f[1]})
	}
	_ = frames.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: block.Bytes(), EndHeaders: true})
	_ = frames.WriteData(1, true, []byte{0, 0, 0, 0, 0}) // an empty message
	return b.Bytes()
}

// The bounds of an HTTP/2 answer that is read.
const (
	maxFrames = 32
	maxFrame  = 16 << 10
)

// http2Reply names what answered to http2Hello: "grpc" when it answers the call
// as gRPC does, "http2" when it speaks HTTP/2; "" for anything else.
func http2Reply(b []byte) string {
	if len(b) < 9 || b[3] != byte(http2.FrameSettings) || b[4] != 0 || !bytes.Equal(b[5:9], make([]byte, 4)) {
		return ""
	}
	frames := http2.NewFramer(nil, bytes.NewReader(b))
	frames.SetMaxReadFrameSize(maxFrame)
	frames.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	frames.MaxHeaderListSize = maxFrame
	name := ""
	for range maxFrames {
		f, err := frames.ReadFrame()
		if err != nil {
			break
		}
		switch f := f.(type) {
		case *http2.SettingsFrame:
			name = "http2"
		case *http2.MetaHeadersFrame:
			for _, h := range f.Fields {
				if h.Name == "content-type" && strings.HasPrefix(h.Value, "application/grpc") {
					return "grpc"
				}
			}
		}
	}
	return name
}

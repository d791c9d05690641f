package kill

import (
	"bufio"
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// serveRedis listens on 127.9.0.0/24 with two servers each that speak enough
// of the Redis protocol to be recognised: one open, one with a password.
func serveRedis(t *testing.T) {
	t.Helper()
	var wg sync.WaitGroup
	var lc net.ListenConfig
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); wg.Wait() })
	for i := range hosts {
		for _, port := range []uint16{flawed, refused} {
			addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 9, 0, byte(i)}), port)
			l, err := lc.Listen(ctx, "tcp", addr.String())
			if err != nil {
				t.Fatal(err)
			}
			context.AfterFunc(ctx, func() { _ = l.Close() })
			wg.Go(func() { accept(l, port == flawed) })
		}
	}
}

func accept(l net.Listener, open bool) {
	for {
		c, err := l.Accept()
		if err != nil {
			return // closed
		}
		go func() {
			defer c.Close()
			answer(c, open)
		}()
	}
}

// answer speaks inline and array commands until the peer leaves.
func answer(c net.Conn, open bool) {
	in := bufio.NewScanner(c)
	for in.Scan() {
		word := strings.ToUpper(strings.TrimSpace(in.Text()))
		switch {
		case strings.HasPrefix(word, "*") || strings.HasPrefix(word, "$"):
			continue // the frame of an array; the word follows
		case !open && (strings.HasPrefix(word, "PING") || strings.HasPrefix(word, "INFO")):
			_, _ = c.Write([]byte("-NOAUTH Authentication required.\r\n"))
		case strings.HasPrefix(word, "PING"):
			_, _ = c.Write([]byte("+PONG\r\n"))
		case strings.HasPrefix(word, "INFO"):
			info := "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n"
			_, _ = c.Write([]byte("$" + strconv.Itoa(len(info)) + "\r\n" + info + "\r\n"))
		case strings.HasPrefix(word, "SERVER"):
			continue
		default:
			_, _ = c.Write([]byte("-ERR unknown command\r\n"))
		}
	}
}

package main

import (
	"bufio"
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"harrier": main})
}

// TestScripts plays testdata/*.txtar: the command line as people type it.
// $OPEN is the port of a Redis server without a password on 127.0.0.1 and
// 127.0.0.2, $SHUT the port of one that asks for it, $CLOSED a port where
// nobody listens.
func TestScripts(t *testing.T) {
	open, shut := serveRedis(t, true), serveRedis(t, false)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("OPEN", strconv.Itoa(open))
			e.Setenv("SHUT", strconv.Itoa(shut))
			e.Setenv("CLOSED", strconv.Itoa(closedPort(t)))
			return nil
		},
	})
}

func closedPort(t *testing.T) int {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// serveRedis listens on one port of two loopback addresses with a server that
// speaks enough of the Redis protocol to be recognised.
func serveRedis(t *testing.T, open bool) int {
	t.Helper()
	var lc net.ListenConfig
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); wg.Wait() })
	serve := func(addr string) int {
		l, err := lc.Listen(ctx, "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		context.AfterFunc(ctx, func() { _ = l.Close() })
		wg.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				wg.Go(func() {
					stop := context.AfterFunc(ctx, func() { _ = c.Close() })
					defer stop()
					defer c.Close()
					redis(c, open)
				})
			}
		})
		return l.Addr().(*net.TCPAddr).Port
	}
	port := serve("127.0.0.1:0")
	serve("127.0.0.2:" + strconv.Itoa(port))
	return port
}

func redis(c net.Conn, open bool) {
	in := bufio.NewScanner(c)
	for in.Scan() {
		word := strings.ToUpper(strings.TrimSpace(in.Text()))
		reply := "-ERR unknown command\r\n"
		switch {
		case word == "", strings.ContainsAny(word[:1], "*$"):
			continue
		case !open && (strings.HasPrefix(word, "PING") || strings.HasPrefix(word, "INFO")):
			reply = "-NOAUTH Authentication required.\r\n"
		case strings.HasPrefix(word, "PING"):
			reply = "+PONG\r\n"
		case strings.HasPrefix(word, "INFO"):
			info := "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n"
			reply = "$" + strconv.Itoa(len(info)) + "\r\n" + info + "\r\n"
		}
		_, _ = c.Write([]byte(reply))
	}
}

package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/harrier-scan/harrier/internal/console"
	"github.com/harrier-scan/harrier/internal/content/pack"
	"github.com/harrier-scan/harrier/internal/feed"
	built "github.com/harrier-scan/harrier/test/console"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"harrier": program})
}

// program is the command "harrier" of the scripts: the program as it is shipped.
// The one with the race detector would take three times as long, and the rooms
// and stages behind it are tested with it elsewhere.
func program() {
	if err := syscall.Exec(os.Getenv("HARRIER"), os.Args, os.Environ()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// TestScripts plays testdata/*.txtar: the command line as people type it.
// $OPEN is the port of a Redis server without a password on 127.0.0.1 and
// 127.0.0.2, $SHUT the port of one that asks for it, $CLOSED a port where
// nobody listens; $OPEN6 is the port of one on ::1, where the condition ipv6
// holds. The command envsubst writes a file anew with variables put in; content
// puts content with a number into a data folder, made so many days ago; bomb
// makes a small gzip file that unpacks to 2 GiB; and turn turns a byte of a file,
// counted from its end when negative. The condition feeds holds where the feed kev
// is read.
func TestScripts(t *testing.T) {
	open, shut := serveRedis(t, true), serveRedis(t, false)
	open6 := serveRedis6(t)
	bin := built.Build(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("HARRIER", bin)
			e.Setenv("OPEN", strconv.Itoa(open))
			e.Setenv("SHUT", strconv.Itoa(shut))
			e.Setenv("CLOSED", strconv.Itoa(closedPort(t)))
			e.Setenv("OPEN6", strconv.Itoa(open6))
			return nil
		},
		Condition: func(name string) (bool, error) {
			switch name {
			case "ipv6":
				return open6 != 0, nil
			case "feeds":
				return slices.ContainsFunc(console.Feeds(), func(f feed.Format) bool { return f.Name == "kev" }), nil
			}
			return false, fmt.Errorf("there is no condition %q", name)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"envsubst": func(ts *testscript.TestScript, _ bool, args []string) {
				for _, name := range args {
					text := os.Expand(ts.ReadFile(name), ts.Getenv)
					ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
				}
			},
			"bomb":    putBomb,
			"content": putContent,
			"turn": func(ts *testscript.TestScript, _ bool, args []string) {
				at, err := strconv.Atoi(args[1])
				ts.Check(err)
				b := []byte(ts.ReadFile(args[0]))
				if at < 0 {
					at += len(b)
				}
				b[at] ^= 0x20
				ts.Check(os.Chmod(ts.MkAbs(args[0]), 0o600))
				ts.Check(os.WriteFile(ts.MkAbs(args[0]), b, 0o600))
			},
		},
	})
}

// putContent is the command content DATA NUMBER DAYS.
func putContent(ts *testscript.TestScript, _ bool, args []string) {
	number, err := strconv.Atoi(args[1])
	ts.Check(err)
	days, err := strconv.Atoi(args[2])
	ts.Check(err)
	place := pack.In(ts.MkAbs(args[0]))
	key, err := place.Key()
	ts.Check(err)
	base := ts.MkAbs("base.db")
	ts.Check(os.WriteFile(base, bytes.Repeat([]byte(args[1]), 1000), 0o600))
	made := time.Now().AddDate(0, 0, -days)
	_, err = place.Adopt(base, pack.Manifest{
		Version: "v" + args[1], Publisher: "laboratory", Created: made, Expires: made.AddDate(0, 0, 30),
		Sources: []pack.Source{{Name: "kev", Publisher: "CISA", Licence: "CC0-1.0", Notice: "Its notice.", Records: number, Bad: 1, Fetched: made}},
	}, key, made)
	ts.Check(err)
}

// putBomb is the command bomb FILE.
func putBomb(ts *testscript.TestScript, _ bool, args []string) {
	const parts = 128
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write(make([]byte, 2<<30/parts))
	ts.Check(err)
	ts.Check(w.Close())
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), bytes.Repeat(b.Bytes(), parts), 0o600))
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
	port, err := listenRedis(t, "127.0.0.1:0", open)
	if err == nil {
		_, err = listenRedis(t, "127.0.0.2:"+strconv.Itoa(port), open)
	}
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// serveRedis6 does so on ::1. It returns 0 on a machine without IPv6.
func serveRedis6(t *testing.T) int {
	t.Helper()
	port, err := listenRedis(t, "[::1]:0", true)
	if err != nil {
		return 0
	}
	return port
}

func listenRedis(t *testing.T, addr string, open bool) (int, error) {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return 0, err
	}
	var wg sync.WaitGroup
	ctx, cancel := context.WithCancel(context.Background())
	context.AfterFunc(ctx, func() { _ = l.Close() })
	t.Cleanup(func() { cancel(); wg.Wait() })
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
	return l.Addr().(*net.TCPAddr).Port, nil
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

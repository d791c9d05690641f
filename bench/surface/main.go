// Command surface measures the fast path of the name engine: a list of words
// against a name server on this machine, how many answers come in a second and
// whether a name is lost. In the same run a program that does nothing but send
// and count asks the same server the same, to show what the server gives.
//
//	go run ./bench/surface [-names 100000] [-drop 0.01]
package main

import (
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/netio"
	"github.com/harrier-scan/harrier/internal/surface/resolve"
)

func main() {
	names := flag.Int("names", 100_000, "names to ask for")
	drop := flag.Float64("drop", 0.01, "part of the questions that the server leaves unanswered in the last run")
	rounds := flag.Int("rounds", 3, "of each")
	limit := flag.Int("rate", 1_000_000, "questions a second at most")
	flag.Parse()
	if err := run(*names, *rounds, *limit, *drop); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// every is how many names there are for one that exists.
const every = 50

func run(n, rounds, limit int, drop float64) error {
	s, err := listen()
	if err != nil {
		return err
	}
	defer s.close()
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("w%d.acme.test", i)
	}
	fmt.Printf("%d names, %d processors, server in the same process\n", n, runtime.GOMAXPROCS(0))
	fmt.Println("what            loss   answers/s  seconds  CPU s  found   repeated  lost")
	for range rounds {
		if err := ceiling(s, list); err != nil {
			return err
		}
		if err := sweep(s, list, limit, 0); err != nil {
			return err
		}
	}
	return sweep(s, list, limit, drop)
}

// sweep asks with the engine.
func sweep(s *server, list []string, limit int, drop float64) error {
	s.drop.Store(uint64(drop * (1 << 32)))
	defer s.drop.Store(0)
	c, err := resolve.New(netio.New(harrier.Guard{}, nil, netio.Pace{}), resolve.Options{Upstreams: []netip.AddrPort{s.at}, Rate: limit})
	if err != nil {
		return err
	}
	defer c.Close()
	found := map[string]bool{}
	began, used := time.Now(), cpu()
	tally, err := c.Sweep(context.Background(), "acme.test", list, dns.TypeA, func(a resolve.Answer) { found[a.Name] = true })
	if err != nil {
		return err
	}
	took := time.Since(began)
	fmt.Printf("engine          %4.1f%%  %9.0f  %7.2f  %5.2f  %5d/%d  %8d  %4d\n", 100*drop, float64(tally.Answers+tally.Slow)/took.Seconds(), took.Seconds(),
		(cpu() - used).Seconds(), len(found), (len(list)+every-1)/every, tally.Repeated, tally.Lost)
	if tally.Lost > 0 || len(found) != (len(list)+every-1)/every {
		return fmt.Errorf("%d names lost, %d found", tally.Lost, len(found))
	}
	return nil
}

// ceiling sends the same questions by two sockets, 512 at a time, and counts
// what comes back: it reads nothing and repeats nothing.
func ceiling(s *server, list []string) error {
	began, used := time.Now(), cpu()
	var answers atomic.Int64
	var wg sync.WaitGroup
	for half := range 2 {
		c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(s.at))
		if err != nil {
			return err
		}
		defer c.Close()
		room := make(chan struct{}, 256)
		done := make(chan struct{})
		wg.Go(func() {
			buf := make([]byte, 2048)
			for {
				if _, err := c.Read(buf); err != nil {
					close(done)
					return
				}
				answers.Add(1)
				select {
				case <-room:
				default:
				}
			}
		})
		wg.Go(func() {
			for i := half; i < len(list); i += 2 {
				m := new(dns.Msg)
				m.SetQuestion(list[i]+".", dns.TypeA)
				wire, err := m.Pack()
				if err != nil {
					continue
				}
				select {
				case room <- struct{}{}:
				case <-time.After(100 * time.Millisecond): // some were lost
				}
				c.Write(wire) //nolint:errcheck // what does not get out is not counted
			}
			c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
			<-done
		})
	}
	wg.Wait()
	took := time.Since(began) - 200*time.Millisecond
	fmt.Printf("ceiling         %4.1f%%  %9.0f  %7.2f  %5.2f\n", 0.0, float64(answers.Load())/took.Seconds(), took.Seconds(), (cpu() - used).Seconds())
	return nil
}

// server answers from the bytes of the question: one name of fifty exists.
type server struct {
	conn *net.UDPConn
	at   netip.AddrPort
	drop atomic.Uint64 // of 2^32
	done sync.WaitGroup
}

func listen() (*server, error) {
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	conn.SetReadBuffer(8 << 20) //nolint:errcheck // the system gives what it gives
	s := &server{conn: conn, at: conn.LocalAddr().(*net.UDPAddr).AddrPort()}
	for range 2 {
		s.done.Go(s.serve)
	}
	return s, nil
}

func (s *server) close() {
	s.conn.Close()
	s.done.Wait()
}

func (s *server) serve() {
	buf := make([]byte, 2048)
	for {
		n, from, err := s.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if n < 20 || uint64(rand.Uint32()) < s.drop.Load() {
			continue
		}
		s.conn.WriteToUDPAddrPort(reply(buf[:n]), from) //nolint:errcheck // as for the client
	}
}

// reply turns a question "w<number>.…" into its answer, in place.
func reply(m []byte) []byte {
	number := 0
	for _, b := range m[14 : 13+int(m[12])] {
		number = number*10 + int(b-'0')
	}
	end := 12
	for end < len(m) && m[end] != 0 {
		end += int(m[end]) + 1
	}
	end += 5
	m[2], m[3] = 0x85, 0x80
	binary.BigEndian.PutUint16(m[6:], 0)
	binary.BigEndian.PutUint16(m[8:], 0)
	binary.BigEndian.PutUint16(m[10:], 0)
	if end > len(m) || number%every != 0 {
		m[3] |= 3
		return m[:min(end, len(m))]
	}
	m[7] = 1
	return append(m[:end], 0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 192, 0, 2, byte(number))
}

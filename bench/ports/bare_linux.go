package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/test/netbed"
)

// bare is a stateless SYN sweep that does nothing else: no rate control, no
// routes, no results but open ports. It shows what the machine allows.
type bare struct {
	first    uint32 // lowest address
	hosts    int
	ports    []uint16
	at       [1 << 16]int32  // index of a port, plus one
	answered []atomic.Uint64 // a bit each probe
	open     []uint64        // likewise; the reader's
	count    atomic.Int64    // answered
	frames   *netbed.Frames
	template []byte
}

const (
	bareSource = 40000 // source port
	synSize    = 14 + 20 + 24
	tcpAt      = 14 + 20
	barePasses = 3
	bareWait   = 300 * time.Millisecond // for answers after a pass
)

func bareMain(args []string) error {
	set := flag.NewFlagSet("bare", flag.ContinueOnError)
	targets := set.String("net", "", "IPv4 prefix")
	list := set.String("ports", "", "ports")
	out := set.String("o", "", "file for results")
	if err := set.Parse(args); err != nil {
		return err
	}
	prefix, err := netip.ParsePrefix(*targets)
	if err != nil {
		return err
	}
	ports, err := harrier.ParsePorts("T:" + *list)
	if err != nil {
		return err
	}
	b, err := newBare(prefix, ports.List(harrier.TCP))
	if err != nil {
		return err
	}
	if err := b.sweep(); err != nil {
		return err
	}
	return b.write(*out)
}

func newBare(prefix netip.Prefix, ports []uint16) (*bare, error) {
	frames, err := netbed.OpenFrames(netbed.ScannerInterface, unix.ETH_P_IP)
	if err != nil {
		return nil, err
	}
	low := prefix.Masked().Addr().As4()
	b := &bare{first: binary.BigEndian.Uint32(low[:]), hosts: 1 << (32 - prefix.Bits()), ports: ports, frames: frames}
	for i, p := range ports {
		b.at[p] = int32(i) + 1
	}
	words := (b.total() + 63) / 64
	b.answered, b.open = make([]atomic.Uint64, words), make([]uint64, words)
	b.template, err = synTemplate()
	return b, err
}

func (b *bare) total() int { return b.hosts * len(b.ports) }

// sweep sends every probe, then those that nobody answered.
func (b *bare) sweep() error {
	var stop atomic.Bool
	var all sync.WaitGroup
	var failed error
	all.Go(func() { failed = b.receive(&stop) })
	err := b.passes()
	stop.Store(true)
	all.Wait()
	return errors.Join(err, failed)
}

func (b *bare) passes() error {
	for pass := range barePasses {
		before := b.count.Load()
		sent, err := b.pass()
		if err != nil {
			return err
		}
		b.await()
		got := b.count.Load()
		if got == int64(b.total()) || pass > 0 && float64(got-before) < 0.0005*float64(sent) {
			return nil // the rest is silent
		}
	}
	return nil
}

// await returns when answers have stopped coming.
func (b *bare) await() {
	for last, since := b.count.Load(), time.Now(); last < int64(b.total()) && time.Since(since) < bareWait; {
		time.Sleep(2 * time.Millisecond)
		if n := b.count.Load(); n != last {
			last, since = n, time.Now()
		}
	}
}

// pass sends what is not answered, in strides of the golden ratio, so that
// neighbours are far apart in time.
func (b *bare) pass() (sent int, err error) {
	const batch = 64
	bufs := make([][]byte, batch)
	for i := range bufs {
		bufs[i] = append([]byte(nil), b.template...)
	}
	total := b.total()
	stride := coprime(total)
	for n, i, k := 0, 0, 0; n < total; n++ {
		if b.answered[i/64].Load()>>(i%64)&1 == 0 {
			b.fill(bufs[k], b.first+uint32(i%b.hosts), b.ports[i/b.hosts])
			k++
			sent++
		}
		if k == batch || n == total-1 && k > 0 {
			if err := b.frames.Send(bufs[:k]); err != nil {
				return sent, err
			}
			k = 0
		}
		if i += stride; i >= total {
			i -= total
		}
	}
	return sent, nil
}

// receive notes answers until it is stopped.
func (b *bare) receive(stop *atomic.Bool) error {
	bufs, lens := make([][]byte, 64), make([]int, 64)
	for i := range bufs {
		bufs[i] = make([]byte, 128)
	}
	for !stop.Load() {
		n, err := b.frames.Receive(bufs, lens, 20*time.Millisecond)
		if err != nil {
			return err
		}
		for i := range n {
			b.note(bufs[i][:min(lens[i], len(bufs[i]))])
		}
	}
	return nil
}

func (b *bare) note(f []byte) {
	if len(f) < tcpAt+20 || f[14] != 0x45 || f[23] != unix.IPPROTO_TCP {
		return
	}
	t, from := f[tcpAt:], binary.BigEndian.Uint32(f[26:])
	port := binary.BigEndian.Uint16(t)
	host, at := from-b.first, int(b.at[port])-1
	if binary.BigEndian.Uint16(t[2:]) != bareSource || host >= uint32(b.hosts) || at < 0 || binary.BigEndian.Uint32(t[8:])-1 != cookie(from, port) {
		return
	}
	i := at*b.hosts + int(host)
	bit := uint64(1) << (i % 64)
	if b.answered[i/64].Or(bit)&bit != 0 {
		return
	}
	b.count.Add(1)
	if t[13]&0x12 == 0x12 { // SYN and ACK
		b.open[i/64] |= bit
	}
}

func (b *bare) write(file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	for i := range b.total() {
		if b.open[i/64]>>(i%64)&1 != 0 {
			a := binary.BigEndian.AppendUint32(nil, b.first+uint32(i%b.hosts))
			fmt.Fprintf(w, "%d.%d.%d.%d:%d\n", a[0], a[1], a[2], a[3], b.ports[i/b.hosts])
		}
	}
	return errors.Join(w.Flush(), f.Close())
}

// synTemplate is a SYN with an MSS option, without what differs from probe to
// probe and without checksums.
//
// Source: RFC 791 section 3.1, RFC 9293 section 3.1.
func synTemplate() ([]byte, error) {
	at, err := net.InterfaceByName(netbed.ScannerInterface)
	if err != nil {
		return nil, err
	}
	to, err := net.ParseMAC(netbed.TargetMAC)
	if err != nil {
		return nil, err
	}
	f := make([]byte, synSize)
	copy(f, to)
	copy(f[6:], at.HardwareAddr)
	binary.BigEndian.PutUint16(f[12:], unix.ETH_P_IP)
	ip, t := f[14:tcpAt], f[tcpAt:]
	ip[0], ip[8], ip[9] = 0x45, 64, unix.IPPROTO_TCP
	binary.BigEndian.PutUint16(ip[2:], synSize-14)
	copy(ip[12:], netbed.ScannerAddr.AsSlice())
	binary.BigEndian.PutUint16(t, bareSource)
	t[12], t[13] = 6<<4, 2 // length in words, SYN
	binary.BigEndian.PutUint16(t[14:], 1024)
	copy(t[20:], []byte{2, 4, 1460 >> 8, 1460 & 0xff})
	return f, nil
}

// fill turns a copy of the template, or an earlier probe, into a probe.
func (b *bare) fill(f []byte, to uint32, port uint16) {
	ip, t := f[14:tcpAt], f[tcpAt:]
	binary.BigEndian.PutUint32(ip[16:], to)
	binary.BigEndian.PutUint16(ip[10:], 0)
	binary.BigEndian.PutUint16(ip[10:], ^sum(ip, 0))
	binary.BigEndian.PutUint16(t[2:], port)
	binary.BigEndian.PutUint32(t[4:], cookie(to, port))
	binary.BigEndian.PutUint16(t[16:], 0)
	binary.BigEndian.PutUint16(t[16:], ^sum(t, uint32(sum(ip[12:20], 0))+unix.IPPROTO_TCP+uint32(len(t))))
}

// sum is the one's complement sum of RFC 1071 over an even number of bytes.
func sum(b []byte, start uint32) uint16 {
	for ; len(b) > 1; b = b[2:] {
		start += uint32(b[0])<<8 | uint32(b[1])
	}
	start = start>>16 + start&0xffff
	return uint16(start>>16 + start)
}

// cookie is the sequence number of a probe, by which its answer is known.
func cookie(to uint32, port uint16) uint32 {
	x := (uint64(to)<<16 | uint64(port)) * 0x9e3779b97f4a7c15
	return uint32(x >> 32)
}

// coprime returns a stride near the golden ratio that visits all of n.
func coprime(n int) int {
	s := int(float64(n)*0.6180339887)%max(n, 1) | 1
	for gcd(s, n) != 1 {
		s += 2
	}
	return s % max(n, 2)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

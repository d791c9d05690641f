package raw

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// dropFar throws away at once what reaches the far namespace's link, so that
// only the way there is measured.
func (b bed) dropFar(t testing.TB) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ip", "netns", "exec", b.far, "nft", "-f", "-")
	cmd.Stdin = strings.NewReader("table netdev hrw { chain in { type filter hook ingress device \"" + link + "\" priority 0; policy drop; }; }")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("nft: %v\n%s", err, out)
	}
}

// BenchmarkSend sends SYNs over a link whose other end drops them.
func BenchmarkSend(b *testing.B) {
	bed := newBed(b)
	bed.dropFar(b)
	s := open(b, bed.near, ports)
	for _, size := range []int{1, 16, 64} {
		b.Run(strconv.Itoa(size), func(b *testing.B) {
			packets := make([]Out, size)
			for i := range packets {
				packets[i] = Out{Data: tcp(near4, far4, 61440, uint16(i), syn), Hop: bed.hop(IPv4)}
			}
			b.ReportAllocs()
			sent, cpu := 0, cpuTime(b)
			for sent < b.N {
				n, err := s.Send(packets[:min(size, b.N-sent)])
				if err != nil {
					b.Fatal(err)
				}
				sent += n
			}
			b.ReportMetric(float64(cpuTime(b)-cpu)/float64(sent), "cpu-ns/packet")
			b.ReportMetric(float64(sent)/b.Elapsed().Seconds(), "packets/s")
		})
	}
}

// cpuTime is what this process has used, and the kernel in its name.
func cpuTime(b *testing.B) int64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// BenchmarkReceive reads the resets that another session's SYNs bring about.
// The time of an operation is a whole probe's; read-ns/packet is the share of
// the reader, which looks once at every header.
func BenchmarkReceive(b *testing.B) {
	bed := newBed(b)
	sender, s := open(b, bed.near, Filter{}), open(b, bed.near, ports)
	packets := make([]Out, batchSize)
	for i := range packets {
		packets[i] = Out{Data: tcp(near4, far4, 61440, uint16(1+i), syn), Hop: bed.hop(IPv4)}
	}
	b.ReportAllocs()
	b.ResetTimer()
	got, sum := 0, 0
	var reading time.Duration
	for got < b.N {
		for range 200 { // well below the ring's size
			if _, err := sender.Send(packets); err != nil {
				b.Fatal(err)
			}
		}
		time.Sleep(2 * blockTimeout * time.Millisecond)
		began := time.Now()
		if err := s.Next(time.Second, func(in []In) {
			got += len(in)
			for i := range in {
				sum += int(in[i].Data[33]) + int(in[i].Data[22])
			}
		}); err != nil {
			b.Fatal(err)
		}
		reading += time.Since(began)
	}
	b.ReportMetric(float64(reading.Nanoseconds())/float64(got), "read-ns/packet")
	b.ReportMetric(float64(s.Drops()), "drops")
}

// BenchmarkPacketsOf reads a block that is full of resets.
func BenchmarkPacketsOf(b *testing.B) {
	var packets [][]byte
	for range 400 {
		packets = append(packets, make([]byte, 40))
	}
	block := blockOf(blockSize, packets...)
	var batch []In
	b.ReportAllocs()
	for n := 0; n < b.N; n += len(batch) {
		batch = packetsOf(block, batch[:0])
	}
}

// BenchmarkOpen opens and closes sessions; each change to a packet socket that
// is in use costs the kernel a grace period of RCU.
func BenchmarkOpen(b *testing.B) {
	ns := namespace(b, "")
	inside(b, ns, func() error {
		for range b.N {
			s, err := Open(ports)
			if err != nil {
				return err
			}
			if err := s.Close(); err != nil {
				return err
			}
		}
		return nil
	})
}

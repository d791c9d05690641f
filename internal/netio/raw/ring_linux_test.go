package raw

import (
	"bytes"
	"encoding/binary"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// blockOf makes a block of the ring as the kernel would.
func blockOf(size int, packets ...[]byte) []byte {
	b := make([]byte, size)
	ne := binary.NativeEndian
	ne.PutUint32(b[blockPackets:], uint32(len(packets)))
	ne.PutUint32(b[blockFirst:], blockHeader)
	at := blockHeader
	for i, p := range packets {
		h := b[at:]
		next := (linkHeader + 12 + len(p) + 15) &^ 15
		if i < len(packets)-1 {
			ne.PutUint32(h[nextOffset:], uint32(next))
		}
		ne.PutUint32(h[seconds:], 1)
		ne.PutUint32(h[nanoseconds:], uint32(i))
		ne.PutUint32(h[snapLength:], uint32(len(p)))
		ne.PutUint16(h[netOffset:], linkHeader+12)
		link := h[packetHeader:]
		binary.BigEndian.PutUint16(link[2:], IPv4)
		ne.PutUint32(link[4:], 7)
		link[11] = 6
		copy(link[12:], "abcdef")
		copy(h[linkHeader+12:], p)
		at += next
	}
	return b
}

func TestPacketsOf(t *testing.T) {
	got := packetsOf(blockOf(1024, []byte("one"), nil, []byte("three")), nil)
	if len(got) != 3 {
		t.Fatalf("%d packets; want 3", len(got))
	}
	for i, want := range []string{"one", "", "three"} {
		in := got[i]
		if string(in.Data) != want || in.Index != 7 || in.Type != IPv4 || string(in.MAC[:]) != "abcdef" || in.At != 1e9+int64(i) {
			t.Errorf("packet %d = %+v; want %q of interface 7 from abcdef at 1 s and %d ns", i, in, want, i)
		}
	}
}

func TestPacketsOfOddBlock(t *testing.T) {
	ne := binary.NativeEndian
	for name, c := range map[string]struct {
		change func(b []byte)
		want   int
	}{
		"more packets than there are": {func(b []byte) { ne.PutUint32(b[blockPackets:], 1<<31) }, 2},
		"none":                        {func(b []byte) { ne.PutUint32(b[blockPackets:], 0) }, 0},
		"first before the block":      {func(b []byte) { ne.PutUint32(b[blockFirst:], 4) }, 0},
		"first behind the block":      {func(b []byte) { ne.PutUint32(b[blockFirst:], 1<<32-1) }, 0},
		"first at the very end":       {func(b []byte) { ne.PutUint32(b[blockFirst:], 1024-linkHeader+1) }, 0},
		"next behind the block":       {func(b []byte) { ne.PutUint32(b[blockHeader+nextOffset:], 1<<32-1) }, 1},
		"next within the header":      {func(b []byte) { ne.PutUint32(b[blockHeader+nextOffset:], 8) }, 1},
		"too long":                    {func(b []byte) { ne.PutUint32(b[blockHeader+snapLength:], 1<<32-1) }, 1},
		"data within the header":      {func(b []byte) { ne.PutUint16(b[blockHeader+netOffset:], 4) }, 1},
		"data behind the block":       {func(b []byte) { ne.PutUint16(b[blockHeader+netOffset:], 1<<16-1) }, 1},
	} {
		b := blockOf(1024, []byte("one"), []byte("two"))
		c.change(b)
		if got := packetsOf(b, nil); len(got) != c.want {
			t.Errorf("%s: %d packets; want %d", name, len(got), c.want)
		}
	}
	if got := packetsOf(make([]byte, 12), nil); len(got) != 0 {
		t.Errorf("a block without a header: %d packets; want none", len(got))
	}
}

// TestLayout compares the offsets with those of the system's own structs.
func TestLayout(t *testing.T) {
	var h unix.Tpacket3Hdr
	var v unix.TpacketHdrV1
	const before = unsafe.Offsetof(unix.TpacketBlockDesc{}.Hdr)
	for name, c := range map[string][2]uintptr{
		"status":  {blockStatus, before + unsafe.Offsetof(v.Block_status)},
		"packets": {blockPackets, before + unsafe.Offsetof(v.Num_pkts)},
		"first":   {blockFirst, before + unsafe.Offsetof(v.Offset_to_first_pkt)},
		"header":  {blockHeader, unsafe.Sizeof(unix.TpacketBlockDesc{})},
		"next":    {nextOffset, unsafe.Offsetof(h.Next_offset)},
		"sec":     {seconds, unsafe.Offsetof(h.Sec)},
		"nsec":    {nanoseconds, unsafe.Offsetof(h.Nsec)},
		"snap":    {snapLength, unsafe.Offsetof(h.Snaplen)},
		"net":     {netOffset, unsafe.Offsetof(h.Net)},
		"mmsghdr": {unsafe.Sizeof(mmsghdr{}), (unsafe.Sizeof(unix.Msghdr{}) + 4 + unsafe.Alignof(unix.Msghdr{}) - 1) &^ (unsafe.Alignof(unix.Msghdr{}) - 1)},
	} {
		if c[0] != c[1] {
			t.Errorf("%s: %d; want %d", name, c[0], c[1])
		}
	}
}

func FuzzPacketsOf(f *testing.F) {
	f.Add(blockOf(1024, []byte("one"), []byte("two")))
	f.Add(blockOf(512, make([]byte, 300)))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, block []byte) {
		before := bytes.Clone(block)
		sum := 0
		for _, in := range packetsOf(block, nil) {
			sum += len(in.Data)
			if cap(in.Data) != len(in.Data) {
				t.Errorf("a packet may grow into the next: %d of %d bytes", len(in.Data), cap(in.Data))
			}
		}
		if sum > 0 && len(block) < blockHeader+linkHeader || !bytes.Equal(before, block) {
			t.Errorf("%d bytes of packets in a block of %d, or the block changed", sum, len(block))
		}
	})
}

package netio

import (
	"testing"

	"github.com/harrier-scan/harrier"
)

// A connection tells which options the other side's kernel agreed to, once.
func TestConnected(t *testing.T) {
	open, _ := listener(t, "127.1.4.40:0")
	n := New(harrier.Guard{}, nil, Pace{})
	defer n.Close()
	if err := n.Declare(open.Addr(), 0); err != nil {
		t.Fatal(err)
	}
	if s := n.Connected(open.Addr()); s != nil {
		t.Fatalf("Connected before any connection = %+v", s)
	}
	c, err := n.Dial(t.Context(), "tcp", open)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	s := n.Connected(open.Addr())
	if s == nil || !s.Connected || s.Options != "MSTW" || s.Scale < 1 || s.MSS == 0 {
		t.Errorf("Connected = %+v; want the options of this kernel", s)
	}
	// It is this machine: no packets of ours.
	if s, err := n.Stack(t.Context(), StackJob{Addr: open.Addr(), Open: []uint16{open.Port()}}); s != nil || err != nil {
		t.Errorf("Stack of this machine = %+v, %v; want nothing", s, err)
	}
}

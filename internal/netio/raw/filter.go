package raw

import "golang.org/x/net/bpf"

// snap is how much of a packet the filter lets pass, in bytes.
const snap = 2048

// Values of sll_pkttype that no answer to us has.
//
// Source: packet(7).
const (
	packetOtherHost = 3
	packetOutgoing  = 4
)

// dropAll lets nothing pass.
var dropAll = []bpf.Instruction{bpf.RetConstant{Val: 0}}

// program returns the kernel's part of the filter. Offsets count from the
// network layer's header, as on a cooked socket; a load behind the packet's end
// drops it.
func (f Filter) program() []bpf.Instruction {
	var a assembly
	a.load(bpf.LoadExtension{Num: bpf.ExtType})
	a.dropIf(packetOtherHost)
	a.dropIf(packetOutgoing)
	a.load(bpf.LoadExtension{Num: bpf.ExtVLANTagPresent}) // the tag alone may be a stale one
	a.unless(0, func() {
		a.load(bpf.LoadExtension{Num: bpf.ExtVLANTag}, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0xfff})
		a.dropUnless(0) // it comes once more, on the VLAN's own interface
	})
	a.load(bpf.LoadExtension{Num: bpf.ExtProto})
	a.when(uint32(IPv4), func() { a.ip4(f) })
	a.when(uint32(IPv6), func() { a.ip6(f) })
	a.when(uint32(ARP), func() {
		a.load(bpf.LoadAbsolute{Off: 6, Size: 2}) // operation: reply
		a.passIf(2)
		a.drop()
	})
	a.drop()
	return a.code
}

// ip4: RFC 791, 792.
func (a *assembly) ip4(f Filter) {
	a.load(bpf.LoadAbsolute{Off: 6, Size: 2}, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0x1fff})
	a.dropUnless(0) // fragment offset
	a.load(bpf.LoadMemShift{Off: 0}, bpf.LoadAbsolute{Off: 9, Size: 1})
	ports := func() {
		a.load(bpf.LoadIndirect{Off: 2, Size: 2})
		a.ports(f)
	}
	a.when(6, ports)
	a.when(17, ports)
	a.when(1, func() {
		a.load(bpf.LoadIndirect{Off: 0, Size: 1})
		a.passIf(0, 3, 11, 14) // echo reply, unreachable, time exceeded, timestamp reply
		a.drop()
	})
	a.drop()
}

// ip6: RFC 8200, 4443, 4861.
func (a *assembly) ip6(f Filter) {
	a.load(bpf.LoadAbsolute{Off: 6, Size: 1})
	ports := func() {
		a.load(bpf.LoadAbsolute{Off: 42, Size: 2})
		a.ports(f)
	}
	a.when(6, ports)
	a.when(17, ports)
	a.when(58, func() {
		a.load(bpf.LoadAbsolute{Off: 40, Size: 1})
		a.passIf(1, 3, 129, 136) // unreachable, time exceeded, echo reply, neighbour advertisement
		a.drop()
	})
	a.when(44, func() {
		a.load(bpf.LoadAbsolute{Off: 42, Size: 2}, bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: 0xfff8})
		a.passIf(0) // first fragment
		a.drop()
	})
	a.passIf(0, 43, 60) // hop-by-hop options, routing, destination options
	a.drop()
}

// assembly is a program in the making.
type assembly struct{ code []bpf.Instruction }

func (a *assembly) load(code ...bpf.Instruction) { a.code = append(a.code, code...) }

func (a *assembly) drop() { a.load(bpf.RetConstant{Val: 0}) }

func (a *assembly) pass() { a.load(bpf.RetConstant{Val: snap}) }

func (a *assembly) passIf(values ...uint32) {
	for _, v := range values {
		a.load(bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: v, SkipTrue: 1})
		a.pass()
	}
}

func (a *assembly) dropIf(v uint32) {
	a.load(bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: v, SkipTrue: 1})
	a.drop()
}

func (a *assembly) dropUnless(v uint32) {
	a.load(bpf.JumpIf{Cond: bpf.JumpEqual, Val: v, SkipTrue: 1})
	a.drop()
}

// when runs then, which ends the program, if the accumulator holds v.
func (a *assembly) when(v uint32, then func()) {
	at := len(a.code)
	a.load(nil)
	then()
	a.code[at] = bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: v, SkipTrue: uint8(len(a.code) - at - 1)}
}

// unless runs then if the accumulator does not hold v.
func (a *assembly) unless(v uint32, then func()) {
	at := len(a.code)
	a.load(nil)
	then()
	a.code[at] = bpf.JumpIf{Cond: bpf.JumpEqual, Val: v, SkipTrue: uint8(len(a.code) - at - 1)}
}

// ports passes the packet if the accumulator holds one of the ports. The
// subtraction wraps, so that a port below First is a large number.
func (a *assembly) ports(f Filter) {
	a.load(bpf.ALUOpConstant{Op: bpf.ALUOpSub, Val: uint32(f.First)},
		bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: uint32(f.Count), SkipTrue: 1})
	a.pass()
	a.drop()
}

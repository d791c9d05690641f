package probe

import (
	"context"
	"encoding/binary"
	"strconv"

	"github.com/harrier-scan/harrier/internal/probe/question"
)

// Programs of remote calls at ports of their own. What answers there is one of
// them by the port alone: a reply names no program.
var (
	nfsUDP = overUDP(Protocol{
		Name: "nfs", Weak: true, Reply: isRPCProgram,
		Learn: func(ctx context.Context, x *talk, _ []byte, _ bool) {
			x.fact("nfs.versions", rpcVersions(x.further(ctx, question.RPC(100003, 0x6872, 0))))
		},
	})
	nlockmgrUDP  = overUDP(Protocol{Name: "nlockmgr", Weak: true, Reply: isRPCProgram})
	rpcStatusUDP = overUDP(Protocol{Name: "rpc-status", Weak: true, Reply: isRPCProgram})
	wdbUDP       = overUDP(Protocol{
		Name: "wdbrpc", Weak: true, Reply: isRPCProgram,
		Learn: func(_ context.Context, x *talk, _ []byte, _ bool) {
			x.fact("os.hint", "VxWorks")
			x.fact("auth.required", "no")
		},
	})
)

// rpcVersions reads the answer to a call in a version that no program has: the
// lowest and the highest that it has.
func rpcVersions(b []byte) string {
	if !isRPCProgram(b) || len(b) != 32 || binary.BigEndian.Uint32(b[8:]) != 0 || binary.BigEndian.Uint32(b[20:]) != 2 {
		return ""
	}
	low, high := binary.BigEndian.Uint32(b[24:]), binary.BigEndian.Uint32(b[28:])
	if low > high || high > 100 {
		return ""
	}
	if low == high {
		return strconv.Itoa(int(low))
	}
	return strconv.Itoa(int(low)) + "-" + strconv.Itoa(int(high))
}

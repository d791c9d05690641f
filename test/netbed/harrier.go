package netbed

import (
	"bufio"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
)

// Build compiles the program into the file bin.
func Build(ctx context.Context, bin string) error {
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", bin, "github.com/harrier-scan/harrier/cmd/harrier").CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// ScanArgs are the arguments of harrier with which it looks for open TCP ports
// and nothing else: ports is a list without protocols, and out the file that
// [ReadList] reads.
func ScanArgs(target, ports, out string, extra ...string) []string {
	args := []string{"scan", "--ports-only", "--format", "list", "--no-ping", "--progress", "never", "-p", "T:" + ports, "-o", out}
	return append(append(args, extra...), target)
}

// ReadList reads what the format list wrote: an address and TCP port each line.
func ReadList(file string) (map[netip.AddrPort]bool, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	found := map[netip.AddrPort]bool{}
	in := bufio.NewScanner(f)
	for in.Scan() {
		at, err := netip.ParseAddrPort(in.Text())
		if err != nil {
			return nil, fmt.Errorf("%s: %q is no address and port", file, in.Text())
		}
		found[at] = true
	}
	return found, in.Err()
}

package measure

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Watch runs cmd to its end and measures what it used. When its context ends,
// it is killed with its children. The fault is "" for success.
func Watch(cmd *exec.Cmd) (Use, string) {
	var said bytes.Buffer
	cmd.Stderr = &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return unix.Kill(-cmd.Process.Pid, unix.SIGKILL) }
	cmd.WaitDelay = time.Second
	busy, began := machine(), time.Now()
	if err := cmd.Start(); err != nil {
		return Use{}, err.Error()
	}
	done, most := make(chan struct{}), make(chan int64)
	go func() { most <- memory(cmd.Process.Pid, done) }()
	err := cmd.Wait()
	u := Use{Wall: time.Since(began).Seconds(), Machine: machine() - busy}
	close(done)
	u.RSS = <-most
	if ru, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		u.CPU = time.Duration(ru.Utime.Nano() + ru.Stime.Nano()).Seconds()
	}
	if err != nil {
		text := strings.TrimSpace(said.String())
		return u, fmt.Sprintf("%v: %s", err, text[max(0, len(text)-200):])
	}
	return u, ""
}

// memory is the most that a process has had resident, looked at until it
// ended. The rusage of a child does not tell: it begins with what the parent
// had when it made the child.
func memory(pid int, done <-chan struct{}) int64 {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for most := int64(0); ; {
		select {
		case <-done:
			return most
		case <-tick.C:
			most = max(most, highWater(pid))
		}
	}
}

func highWater(pid int) int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), "VmHWM:")
	if f := strings.Fields(rest); len(f) > 0 {
		kib, err := strconv.ParseInt(f[0], 10, 64)
		if err == nil {
			return kib << 10
		}
	}
	return 0
}

// machine is how many seconds the processors of the machine have been busy,
// interrupts included: without what they idled, waited for disks, or were
// taken away by a hypervisor.
//
// Source: proc_stat(5).
func machine() float64 {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(b), "\n")
	sum := 0.0
	for i, f := range strings.Fields(line) {
		if v, err := strconv.ParseFloat(f, 64); err == nil && i != 4 && i != 5 && i < 8 {
			sum += v / 100 // USER_HZ
		}
	}
	return sum
}

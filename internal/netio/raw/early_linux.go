package raw

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/harrier-scan/harrier"
)

// Keep is the environment variable that, set to "keep", makes Early do nothing:
// the process keeps its capabilities and makes sockets when it needs them.
const Keep = "HARRIER_PRIVILEGES"

// handover is the environment variable by which Early hands sockets to itself.
const handover = "HARRIER_PACKET_SOCKETS"

// retained are the capabilities that a process with all of them keeps: to
// listen on ports below 1024, and to use folders and files of another owner, as
// the superuser expects of a data folder or an output file. Others that it
// loses, such as to load modules, trace processes or change network settings,
// nothing here needs.
var retained = []uint{unix.CAP_NET_BIND_SERVICE, unix.CAP_DAC_OVERRIDE, unix.CAP_FOWNER}

// Early makes the sockets of n sessions for later calls of Open and then takes
// from the process every capability that it needs no more, CAP_NET_RAW first of
// all, for good: no thread has it, and no program that it starts gets one. A
// process without CAP_NET_RAW is left as it is.
//
// It must be called before all else. Capabilities belong to threads, and a Go
// program has several before its first line; so Early gives them up on one and
// then executes the program once more, which leaves only that one. Process id,
// arguments, environment, folder and open files stay the same. It returns in
// the second image, or at once where there is nothing to do.
//
// The error tells that the capabilities could not be given up; the caller
// should end then.
func Early(n int) error {
	if list, ok := os.LookupEnv(handover); ok {
		if err := os.Unsetenv(handover); err != nil {
			return err
		}
		return takeOver(list)
	}
	if os.Getenv(Keep) == "keep" {
		return nil
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	caps, err := getCaps()
	if err != nil {
		return harrier.Errorf(harrier.Internal, "capabilities can not be read").Because(err)
	}
	if !caps.permitted(unix.CAP_NET_RAW) {
		return nil
	}
	if err := caps.raise(); err != nil {
		return harrier.Errorf(harrier.Internal, "capabilities can not be used").Because(err)
	}
	made := makeAll(n)
	if err := caps.drop(); err != nil {
		return harrier.Errorf(harrier.Internal, "capabilities can not be given up").Because(err)
	}
	err = again(made)
	return harrier.Errorf(harrier.Internal, "capabilities can not be given up: the program can not be executed again (%s=keep does without)", Keep).Because(err)
}

// makeAll makes the sockets of up to n sessions; fewer where the system does
// not give more, such as none in a container with another's network.
func makeAll(n int) []sockets {
	var made []sockets
	for range n {
		s, err := newSockets()
		if err != nil {
			break
		}
		made = append(made, s)
	}
	return made
}

// again executes the program once more, with the sockets.
func again(made []sockets) error {
	var list []string
	for _, s := range made {
		for _, fd := range s.all() {
			if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0); err != nil {
				return err
			}
			list = append(list, strconv.Itoa(fd))
		}
	}
	return syscall.Exec("/proc/self/exe", os.Args, append(os.Environ(), handover+"="+strings.Join(list, ",")))
}

// takeOver fills the pool with the sockets of the list and checks that what
// should be gone is gone.
func takeOver(list string) error {
	var fds []int
	for item := range strings.SplitSeq(list, ",") {
		fd, err := strconv.Atoi(item)
		if err != nil || fd <= 2 {
			break // none was made, or the list is not ours
		}
		fds = append(fds, fd)
	}
	for ; len(fds) >= 3; fds = fds[3:] {
		if !adopt(sockets{link: fds[0], ring: fds[1], ip: fds[2]}) {
			return harrier.Errorf(harrier.Invalid, "%s is set, but not to packet sockets", handover)
		}
	}
	rename()
	caps, err := getCaps()
	if err == nil && caps.permitted(unix.CAP_NET_RAW) {
		err = fmt.Errorf("%s is set by something else", handover)
	}
	if err != nil {
		return harrier.Errorf(harrier.Internal, "capabilities were not given up").Because(err)
	}
	return nil
}

// rename gives the process its name back, which the path it was executed by
// has changed to "exe". The name only shows in lists of processes.
func rename() {
	if len(os.Args) > 0 {
		_ = os.WriteFile("/proc/self/comm", []byte(filepath.Base(os.Args[0])), 0)
	}
}

// capabilities are those of the calling thread.
//
// Source: capget(2), version 3: two words for each set.
type capabilities [2]unix.CapUserData

func header() *unix.CapUserHeader {
	return &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
}

func getCaps() (capabilities, error) {
	var c capabilities
	err := unix.Capget(header(), &c[0])
	return c, err
}

func (c *capabilities) permitted(number uint) bool {
	return c[number/32].Permitted&(1<<(number%32)) != 0
}

// raise makes all that is permitted effective.
func (c *capabilities) raise() error {
	for i := range c {
		c[i].Effective = c[i].Permitted
	}
	return unix.Capset(header(), &c[0])
}

// drop takes all but the retained capabilities from the thread, and sees to it
// that executing a program gives none back, neither by a file's capabilities
// nor by being the superuser: with no_new_privs set the kernel gives a program
// nothing that the thread has not (capabilities(7), prctl(2)). The ambient set
// follows the others.
func (c *capabilities) drop() error {
	var keep [2]uint32
	for _, number := range retained {
		keep[number/32] |= 1 << (number % 32)
	}
	for i := range c {
		c[i].Permitted &= keep[i]
		c[i].Inheritable &= keep[i]
		c[i].Effective = c[i].Permitted
	}
	return errors.Join(unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), unix.Capset(header(), &c[0]))
}

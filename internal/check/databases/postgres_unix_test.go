package databases

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// pgFolder is a folder that a server which does not run as root can reach: the
// test's own ones are below a folder of root.
func pgFolder(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "pg") //nolint:usetesting // the server can not enter the folder of a test, which is root's alone
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if os.Getuid() == 0 {
		if err := os.Chown(dir, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func asNobody(cmd *exec.Cmd, id uint32) {
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: id, Gid: id}}
		cmd.Dir = "/tmp"
	}
}

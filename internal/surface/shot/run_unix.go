//go:build unix

package shot

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
)

// nobody is the user that a browser runs as which root starts.
const nobody = 65534

// run runs a browser until it or ctx ends, and ends all of its processes.
func run(ctx context.Context, cmd *exec.Cmd, home string) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if os.Getuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
		err := filepath.WalkDir(home, func(path string, _ fs.DirEntry, err error) error {
			if err == nil {
				err = os.Lchown(path, nobody, nobody)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	group := -cmd.Process.Pid
	stop := context.AfterFunc(ctx, func() { _ = syscall.Kill(group, syscall.SIGKILL) })
	err := cmd.Wait()
	stop()
	_ = syscall.Kill(group, syscall.SIGKILL) // those that it left
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

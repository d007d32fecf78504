package localpg

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// tmpfsMagic is TMPFS_MAGIC of linux/magic.h.
const tmpfsMagic = 0x01021994

// endWithParent has the kernel send a fast shutdown to the postmaster when the
// thread that starts it dies; process.run keeps that thread for it.
func endWithParent(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }

// memoryFolder is a folder in memory, "" where there is none or no room.
func memoryFolder(need uint64) string {
	const shm = "/dev/shm"
	var st syscall.Statfs_t
	if err := syscall.Statfs(shm, &st); err != nil || int64(st.Type) != tmpfsMagic {
		return ""
	}
	if uint64(st.Bavail)*uint64(st.Bsize) < need {
		return ""
	}
	return shm
}

// isPostmaster reports whether process pid is a server on dataDir. A process
// that hides its folder from us and is called postgres counts as one.
func isPostmaster(pid int, dataDir string) bool {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	cwd, err := os.Stat(filepath.Join(proc, "cwd"))
	if err == nil {
		data, err := os.Stat(dataDir)
		return err == nil && os.SameFile(cwd, data)
	}
	name, err := os.ReadFile(filepath.Join(proc, "comm"))
	return err == nil && strings.HasPrefix(string(name), "postgres")
}

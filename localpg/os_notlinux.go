//go:build unix && !linux

package localpg

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

// endWithParent has nothing to set where the kernel has no parent-death signal
// for a process; the watching shell alone stops the server.
func endWithParent(*syscall.SysProcAttr) {}

// memoryFolder is a folder in memory, "" where there is none or no room.
func memoryFolder(uint64) string { return "" }

// isPostmaster reports whether process pid is a PostgreSQL server; on which
// folder cannot be asked portably, and a wrong yes only asks the user to look.
func isPostmaster(pid int, _ string) bool {
	out, err := exec.Command("ps", "-o", "comm=", "-p", strconv.Itoa(pid)).Output()
	return err == nil && strings.Contains(string(out), "postgres")
}

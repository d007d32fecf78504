package chaos

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// killChildren stops a process, so that no child is born behind our back, and
// kills all that it has. A backend that lived on would wait for a lock of one
// that did not, and keep the shared memory from the next server.
func killChildren(parent int) error {
	if err := syscall.Kill(parent, syscall.SIGSTOP); err != nil {
		return fmt.Errorf("stop the postmaster: %w", err)
	}
	// The kernel's list may miss some while others end: those are in the next one.
	for range 3 {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", parent, parent))
		if err != nil {
			return err
		}
		for field := range strings.FieldsSeq(string(text)) {
			child, err := strconv.Atoi(field)
			if err != nil {
				return err
			}
			if err := syscall.Kill(child, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("kill a backend: %w", err)
			}
		}
	}
	return nil
}

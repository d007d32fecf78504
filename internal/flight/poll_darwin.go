package flight

import (
	"syscall"
	"unsafe"
)

const canPoll = true

// From poll.h; package syscall does not name it. POLLHUP is reported unasked.
const pollIn = 0x0001

type pollFD struct {
	fd      int32
	events  int16
	revents int16
}

// hungUp reports whether fd is closed by the peer, failed, or readable.
func hungUp(fd uintptr) bool {
	p := pollFD{fd: int32(fd), events: pollIn}
	n, _, errno := syscall.RawSyscall(syscall.SYS_POLL, uintptr(unsafe.Pointer(&p)), 1, 0)
	// An answer that did not come says nothing about the connection.
	return errno == 0 && n > 0
}

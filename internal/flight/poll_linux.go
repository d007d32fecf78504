package flight

import (
	"syscall"
	"unsafe"
)

const canPoll = true

// From poll.h; package syscall does not name them.
const (
	pollIn    = 0x0001
	pollRdHup = 0x2000
)

type pollFD struct {
	fd      int32
	events  int16
	revents int16
}

// hungUp reports whether fd is closed by the peer, failed, or readable.
//
// ppoll, because not every architecture has poll. With a zero timeout it never
// blocks, so the scheduler need not be told (RawSyscall).
func hungUp(fd uintptr) bool {
	p := pollFD{fd: int32(fd), events: pollIn | pollRdHup}
	var now syscall.Timespec
	n, _, errno := syscall.RawSyscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&p)), 1,
		uintptr(unsafe.Pointer(&now)), 0, 0, 0)
	// An answer that did not come says nothing about the connection.
	return errno == 0 && n > 0
}

//go:build unix

package proxy

import (
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
)

// readLocked waits for bytes and takes them while mu is held: between the read
// and take nobody can find the socket empty and the bytes unseen.
func readLocked(_ *net.TCPConn, raw syscall.RawConn, mu *sync.Mutex, buf []byte, take func([]byte)) error {
	var result error
	err := raw.Read(func(fd uintptr) bool {
		mu.Lock()
		defer mu.Unlock()
		for {
			n, err := syscall.Read(int(fd), buf)
			switch {
			case errors.Is(err, syscall.EINTR):
				continue
			case errors.Is(err, syscall.EAGAIN):
				return false
			case err != nil:
				result = err
			case n == 0:
				result = io.EOF
			default:
				take(buf[:n])
			}
			return true
		}
	})
	return errors.Join(err, result)
}

// unread reports whether the client has sent bytes that nobody has read.
func unread(raw syscall.RawConn) bool {
	var buf [1]byte
	n := 0
	err := raw.Control(func(fd uintptr) {
		n, _, _ = syscall.Recvfrom(int(fd), buf[:], syscall.MSG_PEEK) // the socket does not block
	})
	return err == nil && n > 0
}

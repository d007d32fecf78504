//go:build !unix

package proxy

import (
	"net"
	"sync"
	"syscall"
)

// readLocked reads without mu where the socket cannot be read by hand.
func readLocked(conn *net.TCPConn, _ syscall.RawConn, mu *sync.Mutex, buf []byte, take func([]byte)) error {
	n, err := conn.Read(buf)
	if n > 0 {
		mu.Lock()
		defer mu.Unlock()
		take(buf[:n])
	}
	return err
}

func unread(syscall.RawConn) bool { return false }

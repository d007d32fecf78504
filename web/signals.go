package web

import (
	"context"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// Signals returns a context that ends at the first SIGINT or SIGTERM. The
// second one ends the process at once, with status 128 and the signal's number:
// whoever sends it does not want to wait, and the server rolls back what was
// open.
//
//   - Cleanup: call the returned function when [Serve] has returned; signals then
//     do what they do without it.
func Signals(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	// Kept to the end: handing the signals back after the first one would leave
	// a moment in which the second is lost.
	received := make(chan os.Signal, 2)
	signal.Notify(received, syscall.SIGINT, syscall.SIGTERM)
	stopped := make(chan struct{})
	go func() {
		defer signal.Stop(received)
		select {
		case <-received:
			cancel()
		case <-stopped:
			return
		}
		select {
		case second := <-received:
			os.Exit(exitStatus(second))
		case <-stopped:
		}
	}()
	stop := sync.OnceFunc(func() {
		close(stopped)
		cancel()
	})
	return ctx, stop
}

// exitStatus is what a shell says of a process that a signal ended.
func exitStatus(s os.Signal) int {
	if number, ok := s.(syscall.Signal); ok {
		return 128 + int(number)
	}
	return 1
}

package flight_test

import (
	"context"
	"net"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort/internal/flight"
)

// TestKernelWatchesThePartner reads the options back from the socket.
func TestKernelWatchesThePartner(t *testing.T) {
	t.Parallel()
	var seen net.Conn
	c := connect(t, things(t).URL(), func(cfg *flight.Config) {
		dial := cfg.Conn.DialFunc
		cfg.Conn.DialFunc = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := dial(ctx, network, addr)
			seen = conn
			return conn, err
		}
	})
	fly(t, c, write("1"))
	raw, err := seen.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	if err := raw.Control(func(fd uintptr) {
		for name, option := range map[string][2]int{
			"keepalive": {syscall.SOL_SOCKET, syscall.SO_KEEPALIVE}, "idle": {syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE},
			"interval": {syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL}, "count": {syscall.IPPROTO_TCP, syscall.TCP_KEEPCNT},
			"user timeout": {syscall.IPPROTO_TCP, 18},
		} {
			got[name], _ = syscall.GetsockoptInt(int(fd), option[0], option[1])
		}
	}); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"keepalive": 1, "idle": 15, "interval": 5, "count": 3, "user timeout": 25000}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

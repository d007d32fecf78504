package flight

import (
	"net"
	"time"
)

// A partner that vanished without a word (a cut cable, a firewall that forgot the
// connection, a frozen machine) is noticed by the kernel in about 25 s: an idle
// connection by probes, one with unanswered bytes by [userTimeout]. Without the
// latter Linux would send the bytes again for a quarter of an hour. The server's
// silence over a slow query is no such case: its kernel answers the probes.
//
//   - Source: tcp(7), TCP_USER_TIMEOUT; RFC 5482. The sum of idle time and probes
//     lies just above the user timeout, since the kernel stops probing there.
var partnerProbes = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}

const userTimeout = 25 * time.Second

// watchPartner sets both on a TCP connection. It runs after the connection is
// made, or the kernel would apply the user timeout to the attempt, which
// Config.ConnectTimeout bounds.
func watchPartner(conn net.Conn) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	// A system that knows neither still has ping and timeouts.
	_ = tcp.SetKeepAliveConfig(partnerProbes)
	if raw, err := tcp.SyscallConn(); err == nil {
		_ = raw.Control(func(fd uintptr) { setUserTimeout(fd, userTimeout) })
	}
}

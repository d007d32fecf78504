package chaos

import (
	"sync/atomic"

	"github.com/retort-go/retort/retorttest/proxy"
)

// storm loses every ninth answer to COMMIT, every thirteenth COMMIT, and now and
// then all connections, until the proxy ends; it tells how many faults came.
func storm(p *proxy.Proxy) (faults func() int) {
	every := func(n int64, place func(proxy.Message) bool) func(proxy.Message) bool {
		var seen atomic.Int64
		return func(m proxy.Message) bool { return place(m) && seen.Add(1)%n == 0 }
	}
	rules := []*proxy.Rule{
		p.CutBefore(every(9, proxy.CommitReply)),
		p.CutBefore(every(13, proxy.Commits)),
		p.Before(every(40, proxy.CommitReply), func(proxy.Message) { p.ResetConnections() }),
	}
	for _, r := range rules {
		r.Times(-1)
	}
	return func() int {
		n := 0
		for _, r := range rules {
			n += r.Fired()
		}
		return n
	}
}

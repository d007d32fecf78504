package run

import (
	"context"
	"fmt"
	"net/http"

	"github.com/retort-go/retort/bench/peers"
)

// Agree compares the answers of all peers, as [peers.Agree].
func (s *Stand) Agree(ctx context.Context, list []Peer, workloads []peers.Workload) (err error) {
	var candidates []peers.Candidate
	for _, p := range list {
		url, drop, err := s.Copy(ctx)
		if err != nil {
			return err
		}
		defer drop()
		c, err := start(ctx, p, peers.Config{URL: url, Pool: 2})
		if err != nil {
			return err
		}
		defer func() { _ = c.stop() }() // its answers have told
		candidates = append(candidates, peers.Candidate{
			Name: p.Name,
			Ask: func(ctx context.Context, workload string, number int) ([]byte, error) {
				return c.ask(ctx, http.MethodPost, fmt.Sprintf("/w/%s/%d", workload, number))
			},
			Trace: func(ctx context.Context) (string, error) { return trace(ctx, url) },
		})
	}
	return peers.Agree(ctx, candidates, workloads)
}

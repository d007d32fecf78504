package run

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/retort-go/retort/bench/peers"
)

// Profile loads the entrant and returns a profile of its processor.
func (s *Stand) Profile(ctx context.Context, p Peer, w peers.Workload, plan Plan, seconds int) (profile []byte, err error) {
	url, drop, err := s.Copy(ctx)
	if err != nil {
		return nil, err
	}
	defer drop()
	c, err := start(ctx, p, peers.Config{URL: url, Pool: plan.Pool})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	loading := make(chan error, 1)
	go func() {
		_, err := (load{c.address, w.Name, plan.Clients, stride, time.Duration(seconds)*time.Second + plan.Warm}).run(ctx)
		loading <- err
	}()
	profile, err = c.ask(ctx, http.MethodGet, fmt.Sprintf("/profile?seconds=%d", seconds))
	return profile, errors.Join(err, <-loading)
}

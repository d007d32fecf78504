package chaos

import (
	"context"
	"errors"
	"net/http"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest/proxy"
)

// openHandler makes a service over a database; the other function ends it.
type openHandler func(ctx context.Context, url string) (http.Handler, func(), error)

// served is a service with its client, behind it a proxy and a database of its own.
type served struct {
	*site
	db  *database
	p   *proxy.Proxy
	end func()
}

// serve makes a database with the tables of base and opens a service on it, through
// a proxy.
//
//   - Cleanup: stop.
func (e *Env) serve(ctx context.Context, base *retort.Base, open openHandler, sql ...string) (*served, error) {
	s := &served{}
	if err := s.open(ctx, e, base, open, sql); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *served) open(ctx context.Context, env *Env, base *retort.Base, open openHandler, sql []string) (err error) {
	if s.db, s.p, err = env.proxied(ctx, base, sql...); err != nil {
		return err
	}
	handler, end, err := open(ctx, s.p.URL())
	if err != nil {
		return err
	}
	s.end = end
	s.site, err = newSite(handler)
	return err
}

// stop ends what there is, the client first and the database last.
func (s *served) stop() (err error) {
	if s.site != nil {
		err = s.close()
	}
	if s.end != nil {
		s.end()
	}
	if s.db != nil {
		err = errors.Join(err, s.db.drop())
	}
	return err
}

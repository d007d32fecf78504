package autogenerate

import (
	"context"
	"errors"
	"fmt"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/catalog"
)

// ReadHistory applies revisions in a scratch database and reads it as
// [catalog.Read] reads a live one: what the files amount to.
//
//   - Shape: one catalog for each list of targets, which are applied in their order;
//     the books of the runner are left out. A list may be empty.
//   - Errors: no server to build on; what the server says of a revision, with its file.
//   - Cleanup: the scratch database is gone afterwards.
func ReadHistory(ctx context.Context, history *migrate.History, database *catalog.Catalog, cfg Config, run migrate.Options, targets ...[]string) ([]*catalog.Catalog, error) {
	if database.Namespace == "" {
		return nil, errors.New("autogenerate: search_path names no schema that exists, so the revisions have no place in this database; " +
			"create one or set search_path in the connection's options")
	}
	s, err := openScratch(ctx, cfg.ScratchURL, database.Version, database.Namespace)
	if err != nil {
		return nil, err
	}
	out, err := s.apply(ctx, history, cfg, run, targets)
	if err := errors.Join(err, s.close(ctx)); err != nil {
		return nil, err
	}
	return out, nil
}

func (s *scratch) apply(ctx context.Context, history *migrate.History, cfg Config, run migrate.Options, targets [][]string) ([]*catalog.Catalog, error) {
	eng, err := retort.Open(retort.Config{URL: s.url, Base: retort.NewBase(), PoolSize: 3})
	if err != nil {
		return nil, fmt.Errorf("autogenerate: the scratch database: %w", err)
	}
	defer func() { _ = eng.Close(context.WithoutCancel(ctx)) }()
	run.Schema, run.OnEvent = "", nil
	runner, err := migrate.New(eng, history, run)
	if err != nil {
		return nil, err
	}
	var out []*catalog.Catalog
	for _, list := range targets {
		for _, target := range list {
			if _, err := runner.Upgrade(ctx, target); err != nil {
				return nil, fmt.Errorf("autogenerate: apply the revisions in a scratch database: %w", err)
			}
		}
		c, err := catalog.Read(ctx, s.eng, cfg.Read)
		if err != nil {
			return nil, err
		}
		out = append(out, c.WithoutBooks(nil))
	}
	return out, nil
}

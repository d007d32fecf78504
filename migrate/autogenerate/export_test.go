package autogenerate

import (
	"context"
	"errors"

	"github.com/retort-go/retort/migrate/catalog"
	"github.com/retort-go/retort/schema"
)

// WithDatabase is withDatabase, for tests.
var WithDatabase = withDatabase

// Flat is flat, for tests.
var Flat = flat

// ReadSchema is [ReadModels] for a schema that no Base made.
func ReadSchema(ctx context.Context, models *schema.Schema, database *catalog.Catalog, cfg Config) (*catalog.Catalog, error) {
	s, err := openScratch(ctx, cfg.ScratchURL, database.Version, database.Namespace)
	if err != nil {
		return nil, err
	}
	c, err := s.read(ctx, models, cfg)
	return c, errors.Join(err, s.close(ctx))
}

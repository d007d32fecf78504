package autogenerate

import (
	"context"
	"slices"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate/catalog"
)

// Config says how a [Candidate] is made; its zero value builds the models on a
// PostgreSQL of this machine and drops nothing that no model claims.
type Config struct {
	// Options are those of [Compare].
	Options Options

	// Read says which schemas and objects count, on both sides.
	Read catalog.Options

	// ScratchURL is a server of the database's major version on which the models are
	// built, in a database that is created for it and dropped afterwards; its user
	// needs CREATEDB. What the URL's own database holds is not touched. Empty: a
	// server that is started on this machine.
	ScratchURL string
}

// Candidate is what a revision could be.
//
//   - Shape: without differences the plan is empty.
type Candidate struct {
	Database    *catalog.Catalog
	Models      *catalog.Catalog
	Differences []Difference
	Plan        *Plan
}

// Generate compares the database of eng with the models of base, and plans what
// leads from one to the other and back. It changes nothing in the database.
//
// To the hints of cfg come those that models declare by RenamedFrom, of which the
// ones that are fulfilled or match nothing do nothing.
//
//   - Shape: the database is read in one round trip.
//   - Errors: as [catalog.Read], [ReadModels] and [Compare].
func Generate(ctx context.Context, eng *retort.Engine, base *retort.Base, cfg Config) (*Candidate, error) {
	models, err := base.Schema()
	if err != nil {
		return nil, err
	}
	database, err := catalog.Read(ctx, eng, cfg.Read)
	if err != nil {
		return nil, err
	}
	database = Managed(database, models)
	built, err := ReadModels(ctx, base, database, cfg)
	if err != nil {
		return nil, err
	}
	cfg.Options.Renames = append(slices.Clip(cfg.Options.Renames), declared(database, models, cfg.Options.Renames)...)
	differences, err := Compare(database, built, cfg.Options)
	if err != nil {
		return nil, err
	}
	return &Candidate{
		Database: database, Models: built, Differences: differences, Plan: Build(database, built, differences),
	}, nil
}

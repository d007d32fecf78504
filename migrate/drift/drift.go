package drift

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/migrate"
	"github.com/retort-go/retort/migrate/autogenerate"
	"github.com/retort-go/retort/migrate/catalog"
)

// Config says how sides are compared; its zero value leaves what no model claims out
// of account.
type Config struct {
	// Config is autogenerate's: where the scratch database is made, what is read, and
	// with Options.DropUnclaimed also what is there and nobody claims.
	autogenerate.Config

	// Run is the runner's options: where its ledger is, and the functions of revisions.
	Run migrate.Options
}

// Report is what [Check] found.
//
//   - Shape: a difference says what must change on the side that is named last.
type Report struct {
	// ModelsFiles is what the models say and no revision does.
	ModelsFiles []autogenerate.Difference

	// FilesDatabase is what the applied revisions made and the database has otherwise.
	FilesDatabase []autogenerate.Difference

	// ModelsDatabase is what the models say and the database lacks.
	ModelsDatabase []autogenerate.Difference

	// Pending are the revisions that wait to be applied. They explain a part of
	// ModelsDatabase.
	Pending []*migrate.Revision

	// Unledgered: the database has no ledger of Retort's, so nobody knows which files
	// are applied and FilesDatabase is empty. Keeper is the tool whose books it has.
	Unledgered bool
	Keeper     string

	// Unfinished is the revision that a run began and did not end, if there is one. The
	// database is on its way then, and FilesDatabase is empty.
	Unfinished *migrate.UnfinishedError
}

// Same reports whether all that was compared is the same.
func (r *Report) Same() bool {
	return len(r.ModelsFiles)+len(r.FilesDatabase)+len(r.ModelsDatabase) == 0
}

// String names each pair that differs, with what to do, and lists its differences.
func (r *Report) String() string {
	var b strings.Builder
	for _, pair := range []struct {
		title, remedy string
		differences   []autogenerate.Difference
	}{
		{"models ≠ files", "write a revision: revision --autogenerate", r.ModelsFiles},
		{"files ≠ database", "somebody changed the database by hand: undo that, or write it down as a revision and stamp it", r.FilesDatabase},
		{"models ≠ database", r.remedy(), r.ModelsDatabase},
	} {
		if len(pair.differences) == 0 {
			continue
		}
		fmt.Fprintf(&b, "%s (%s)\n", pair.title, pair.remedy)
		for _, d := range pair.differences {
			b.WriteString("  " + d.String() + "\n")
		}
	}
	if b.Len() == 0 {
		return "models, files and database agree\n"
	}
	return b.String()
}

func (r *Report) remedy() string {
	switch {
	case r.Unfinished != nil:
		return "revision " + r.Unfinished.Revision + " was begun and not ended: end it first"
	case len(r.Pending) > 0:
		if len(r.Pending) == 1 {
			return "one revision waits: upgrade heads"
		}
		return fmt.Sprintf("%d revisions wait: upgrade heads", len(r.Pending))
	case r.Keeper != "" && r.Keeper != "Retort":
		return r.Keeper + " keeps this database: write its migration, or adopt the database"
	default:
		return "see the pairs above; else write a revision"
	}
}

// Check compares models, files and the database of eng, pair by pair. It writes
// nothing but into a scratch database.
//
//   - Shape: without a history only models and database are compared; without a base
//     only files and database.
//   - Errors: as [autogenerate.Generate] and [autogenerate.ReadHistory].
func Check(ctx context.Context, eng *retort.Engine, base *retort.Base, history *migrate.History, cfg Config) (*Report, error) {
	r := &Report{}
	database, err := catalog.Read(ctx, eng, cfg.Read)
	if err != nil {
		return nil, err
	}
	for i := range database.Tables {
		if tool := catalog.Keeper(&database.Tables[i]); tool != "" && r.Keeper != "Retort" {
			r.Keeper = tool
		}
	}
	if base != nil {
		found, err := autogenerate.Generate(ctx, eng, base, cfg.Config)
		if err != nil {
			return nil, err
		}
		r.ModelsDatabase, database = found.Differences, found.Database
		if history != nil {
			if err := r.files(ctx, eng, found.Models, database, history, cfg); err != nil {
				return nil, err
			}
		}
		return r, nil
	}
	if history == nil {
		return r, nil
	}
	return r, r.files(ctx, eng, nil, database, history, cfg)
}

// files builds the files in a scratch database: as far as they are applied, then to
// the end.
func (r *Report) files(ctx context.Context, eng *retort.Engine, models, database *catalog.Catalog, history *migrate.History, cfg Config) error {
	runner, err := migrate.New(eng, history, cfg.Run)
	if err != nil {
		return err
	}
	status, err := runner.Status(ctx)
	if err != nil {
		return err
	}
	r.Unledgered = !status.Exists
	var applied []string
	for _, rev := range status.Current {
		applied = append(applied, rev.ID)
	}
	if !r.Unledgered {
		r.Pending = status.Pending
	}
	for _, problem := range status.Problems {
		if unfinished, ok := errors.AsType[*migrate.UnfinishedError](problem); ok {
			r.Unfinished = unfinished
		}
	}
	built, err := autogenerate.ReadHistory(ctx, history, database, cfg.Config, cfg.Run, applied, []string{"heads"})
	if err != nil {
		return err
	}
	if !r.Unledgered && r.Unfinished == nil {
		if r.FilesDatabase, err = autogenerate.Compare(database, built[0], plain(cfg)); err != nil {
			return err
		}
	}
	if models != nil {
		r.ModelsFiles, err = autogenerate.Compare(built[1], models, cfg.Options)
	}
	return err
}

// plain is the options for two sides of which none has new names.
func plain(cfg Config) autogenerate.Options {
	opts := cfg.Options
	opts.Renames = nil
	return opts
}

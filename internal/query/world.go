package query

import (
	"time"

	"github.com/retort-go/retort/internal/mapper"
	"github.com/retort-go/retort/internal/model"
)

// World is what a statement knows of the session that sends it.
type World struct {
	// Models finds the compiled model behind a declaration.
	Models Models

	// Types are those that the program registered.
	Types *mapper.Types

	// Filters are conditions that no query may forget.
	Filters []Filter

	// Clock is the program's, for columns that it stamps; nil is time.Now.
	Clock func() time.Time

	// ReadOnly is the error of a statement that writes, where none may.
	ReadOnly error

	// Failed says why a filter could not be made: nothing may be read without it.
	Failed error
}

// Models finds compiled models.
type Models interface {
	// Model is the model behind a declaration; nil for none.
	Model(declaration any) *model.Table
}

// moment is when the statement is made, by the program's clock: the same for all
// that it stamps.
func (b *builder) moment() time.Time {
	if b.now.IsZero() {
		clock := b.world.Clock
		if clock == nil {
			clock = time.Now
		}
		b.now = clock().UTC().Truncate(time.Microsecond)
	}
	return b.now
}

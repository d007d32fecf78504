package flight

import (
	"io"

	"github.com/jackc/pgx/v5/pgconn"
)

// Flight is everything that travels to the server in one round trip.
//
//   - Shape: [Begin, Settings, Statements…, COMMIT, Sync]. ROLLBACK, and COMMIT of a
//     contested flight or behind raw SQL, have a Sync before them.
//   - Concurrency: a flight belongs to one Fly at a time; it may be flown again.
type Flight struct {
	// Begin is the whole text that opens the transaction ("BEGIN READ ONLY"), or a
	// savepoint in an open one, sent as a statement of its own, with a comment that
	// names its origin. Empty: none.
	Begin string

	// Settings runs right behind Begin, or else first: a SELECT set_config(…, true)
	// that Retort built. Without a transaction it holds until the flight's Sync, and
	// raw SQL that opens transactions of its own fails behind it. A failure names
	// AtSettings as its statement. Nil: none.
	Settings *Statement

	// Path is the search_path that the transaction has set, by Settings of this flight or
	// of the one that began it: its statements are prepared apart. Empty: the connection's.
	Path string

	// Statements run in order; the first that fails stops the rest.
	Statements []Statement

	// End is how the transaction ends in this flight.
	End End

	// Contested says that a statement may well fail, as a check of versions does.
	// COMMIT then goes behind a Sync of its own: every success costs a little more,
	// and a failure no trip for ROLLBACK.
	Contested bool
}

// End is how a flight ends its transaction.
type End uint8

// The ends of a flight.
const (
	Stay     End = iota // the transaction, if any, stays open
	Commit              // COMMIT
	Rollback            // ROLLBACK
)

// Statement is one SQL command with its parameters and the receiver of its rows.
type Statement struct {
	// SQL is one command. The same text must always mean the same shape of
	// parameters, OIDs apart: it is the key of the statement registry.
	SQL string

	// OIDs are the parameter types told to the server. Nil, short or 0: the
	// server decides.
	OIDs []uint32

	// Args are the encoded parameters, at most 65535. A nil element is NULL.
	Args [][]byte

	// Formats says how Args are encoded, 0 text, 1 binary: one for each, a single
	// one for all, or nil for binary.
	Formats []int16

	// Secrets has a bit for each of Args that is never to be shown; the highest one
	// stands for all from there on.
	Secrets uint64

	// Raw marks SQL that Retort did not build. It leaves the connection dirty
	// (see Conn.Reset), its result is described by the server each time, and it is
	// sent with its [Origin].
	Raw bool

	// Row receives each row, always in binary format. Nil drops the rows. Both
	// slices are valid during the call only. After an error no further row of the
	// flight is delivered; Fly returns it once the server's answers are read.
	Row func(fields []pgconn.FieldDescription, values [][]byte) error

	// Empty is called in place of Row when the result has columns and no row came;
	// its error is as Row's. Nil: nobody asks.
	Empty func(fields []pgconn.FieldDescription) error

	// Copy gives the data of a COPY FROM STDIN that Retort built, on Fly's goroutine.
	// What it writes goes out in pieces; an error of the writer means that the server
	// takes no more and says why. An error of Copy's own fails the statement. At most
	// one for a flight, of its last statement. Nil: no COPY.
	Copy func(io.Writer) error

	// Tag is filled in by Fly; empty when the statement was not reached.
	Tag pgconn.CommandTag

	begins bool // it is Flight.Begin
}

// copies reports whether the flight carries the data of a COPY.
func (f *Flight) copies() bool {
	n := len(f.Statements)
	return n > 0 && f.Statements[n-1].Copy != nil
}

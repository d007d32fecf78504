package migrate

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/retort-go/retort/internal/sqltext"
)

// Mode says how a step is run.
type Mode string

// The modes. In a file, all but Together are a directive on the line before the
// statement, such as "-- +outside".
const (
	// Together: in one transaction with its neighbors of this mode.
	Together Mode = "together"
	// Alone: in a transaction of its own, committed before the next step.
	Alone Mode = "alone"
	// Outside: outside any transaction, as CONCURRENTLY demands. Only for statements
	// of which the catalog shows whether they were done, or with [Step.Repeatable].
	Outside Mode = "outside"
	// Batched: again and again, each time in a transaction of its own, until it
	// affects no row.
	Batched Mode = "batched"
	// Call: the function of Go that [Options.Functions] has for the revision.
	Call Mode = "call"
)

// Revision is one change of the schema or of data, and the way back.
type Revision struct {
	// ID names it in the history and in the ledger: letters, digits, periods and
	// underscores.
	ID string

	// Parents are the revisions that it follows: none for a base, several for a merge.
	Parents []string

	// Depends are revisions of other branches that must be applied before it.
	Depends []string

	Message string
	Created time.Time // whole seconds, UTC

	Up, Down []Step

	// Irreversible: there is no section for the way back, so Downgrade refuses.
	Irreversible bool

	// File is where it was read from; empty for one that was not.
	File string
}

// Step is one statement of a revision.
//
//   - Shape: SQL has no semicolon at its end. It is empty for a Call, and for
//     comments that no statement follows.
type Step struct {
	SQL  string
	Mode Mode // empty is Together

	// Repeatable declares that an Outside statement may run again after it was done
	// or cut off.
	Repeatable bool

	// Count is a query for how many rows a Batched statement has to do, for the
	// progress. Empty: nobody knows.
	Count string

	Line     int // of SQL in its file, from 1
	Comments []Comment
}

// Comment is one comment of a file, its marks included.
type Comment = sqltext.Comment

// idPattern is what names a revision: no sign of a relative target, no range.
var idPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._]{0,63}$`)

// reserved are the words that targets use.
var reserved = map[string]bool{"head": true, "heads": true, "base": true, "current": true, "none": true}

func checkID(id string) error {
	switch {
	case !idPattern.MatchString(id):
		return fmt.Errorf("the revision id %q: write 1 to 64 letters, digits, periods and underscores", id)
	case reserved[id]:
		return fmt.Errorf("the revision id %q is a word that targets use; choose another", id)
	}
	return nil
}

// NewID makes an id: 12 hexadecimal digits from the system's source of chance.
func NewID() string {
	var b [6]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

var notSlug = regexp.MustCompile(`[^\pL\pN]+`)

// FileName is the name that the revision's file has: <id>_<slug>.sql, the slug made
// of the message.
//
//   - Units: at most 48 letters of the message.
func (r *Revision) FileName() string {
	slug := []rune(strings.Trim(notSlug.ReplaceAllString(strings.ToLower(r.Message), "_"), "_"))
	if len(slug) > 48 {
		slug = slug[:48]
	}
	name := strings.TrimRight(string(slug), "_")
	if name == "" {
		return r.ID + ".sql"
	}
	return r.ID + "_" + name + ".sql"
}

// Checksum is what the ledger keeps to notice that an applied revision was edited:
// SHA-256 of its id, parents, depends and the steps up, in hexadecimal.
//
// Comments between statements, the message and the way back are not in it: they can
// be mended at any time.
func (r *Revision) Checksum() string {
	h := sha256.New()
	put(h, r.ID, strings.Join(r.Parents, " "), strings.Join(r.Depends, " "))
	for i := range r.Up {
		if s := &r.Up[i]; s.runs() {
			put(h, s.Checksum())
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Checksum tells a step from another: SHA-256 of how it is run and of its text, in
// hexadecimal.
func (s *Step) Checksum() string {
	h := sha256.New()
	put(h, string(s.mode()), fmt.Sprint(s.Repeatable), s.SQL)
	return hex.EncodeToString(h.Sum(nil))
}

// put writes parts so that no two lists of them look alike.
func put(w io.Writer, parts ...string) {
	for _, p := range parts {
		fmt.Fprintf(w, "%d:%s,", len(p), p)
	}
}

// runs tells whether there is something to run.
func (s *Step) runs() bool { return s.SQL != "" || s.Mode == Call }

func (s *Step) mode() Mode {
	if s.Mode == "" {
		return Together
	}
	return s.Mode
}

// String is the id and the message, as lists show a revision.
func (r *Revision) String() string {
	if r.Message == "" {
		return r.ID
	}
	return r.ID + " (" + r.Message + ")"
}

// label names a revision in errors: by its file where it has one.
func (r *Revision) label() string {
	if r.File != "" {
		return r.ID + " (" + r.File + ")"
	}
	return r.ID
}

package migrate

import "strings"

// WithoutJournal is a runner that forgets its steps: the control of tests that count
// what is run twice.
func (r *Runner) WithoutJournal() *Runner {
	out := *r
	forgetful := *r.sql
	nothing := "/* retort:migrate.step */ SELECT $1::text, $2::text, $3::integer, $4::text, $5::text"
	forgetful.done, forgetful.started = nothing, nothing
	forgetful.progress = strings.Replace(nothing, "$4::text, $5::text", "$4::bigint, $5::bigint, $6::text", 1)
	out.sql = &forgetful
	out.opts.Schema = "public" // so that the texts stay as they are
	return &out
}

// Spoken is what may be told of a statement.
func Spoken(query string) string { return spoken(query) }

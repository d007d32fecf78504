package migrate

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/retort-go/retort/internal/sqltext"
)

// Blocker is who a step waits for.
//
//   - Shape: PID is the server's process, 0 for a prepared transaction. State and
//     Statement are empty where the role may not see them (pg_read_all_stats).
//     Statement is the first word of what it runs, or ran last, and the comment that
//     says where that comes from (/* retort:… */): never a value. Open is how long its
//     transaction lasts, Idle how long it has sent nothing in it.
//   - Source: pg_blocking_pids and pg_stat_activity.
type Blocker struct {
	PID         int
	Application string
	State       string
	Statement   string
	Open        time.Duration
	Idle        time.Duration // 0 while it works
}

// String says who it is and what it does, on one line.
func (b Blocker) String() string {
	if b.PID == 0 {
		return "a prepared transaction (SELECT * FROM pg_prepared_xacts shows it)"
	}
	var says []string
	if b.Application != "" {
		says = append(says, fmt.Sprintf("application %q", b.Application))
	}
	switch {
	case b.State == "":
		says = append(says, "what it does is hidden from this role")
	case b.Idle > 0:
		says = append(says, fmt.Sprintf("%s for %s", b.State, rounded(b.Idle)))
	default:
		says = append(says, b.State)
	}
	if b.Statement != "" {
		says = append(says, b.Statement)
	}
	if b.Open > 0 {
		says = append(says, "its transaction is open for "+rounded(b.Open))
	}
	return fmt.Sprintf("server process %d (%s)", b.PID, strings.Join(says, ", "))
}

// rounded is a duration to the millisecond, or the second.
func rounded(d time.Duration) string {
	if d < time.Second {
		return max(d.Round(time.Millisecond), time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// blockersText lists the first few.
func blockersText(all []Blocker) string {
	const most = 3
	var parts []string
	for i, b := range all {
		if i == most {
			parts = append(parts, fmt.Sprintf("%d more", len(all)-most))
			break
		}
		parts = append(parts, b.String())
	}
	return strings.Join(parts, "; ")
}

// origin is the comment that names where a statement comes from.
var origin = regexp.MustCompile(`/\*\s*retort:[\w .:-]{1,100}\*/`)

// spoken is what may be told of a statement: its first word and its origin. A comment
// inside a string is a value.
func spoken(query string) string {
	tokens := sqltext.Tokens(query)
	var parts []string
	if len(tokens) > 0 && tokens[0].Kind == sqltext.Word && len(tokens[0].Text) < 20 {
		parts = append(parts, strings.ToUpper(tokens[0].Text))
	}
	from := 0
	for _, t := range tokens {
		if found := origin.FindString(query[from:t.Start]); found != "" {
			return strings.Join(append(parts, found), " ")
		}
		from = t.End
	}
	if rest := query[from:]; strings.HasPrefix(strings.TrimSpace(rest), "/*") {
		if found := origin.FindString(rest); found != "" {
			parts = append(parts, found)
		}
	}
	return strings.Join(parts, " ")
}

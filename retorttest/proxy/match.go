package proxy

import (
	"strings"
	"sync"
)

// Frontend matches client messages of one type, such as 'S' for Sync.
func Frontend(typ byte) func(Message) bool {
	return func(m Message) bool { return m.Frontend && m.Type == typ }
}

// Backend matches server messages of one type, such as 'D' for DataRow.
func Backend(typ byte) func(Message) bool {
	return func(m Message) bool { return !m.Frontend && m.Type == typ }
}

// Tag matches the server's CommandComplete with this tag, such as "UPDATE 1".
func Tag(tag string) func(Message) bool {
	return func(m Message) bool { return tag != "" && m.Tag() == tag }
}

// CommitReply matches the server's word that a transaction is committed.
//
// Cut before it, the client cannot know what is true: the row is there.
func CommitReply(m Message) bool { return m.Tag() == "COMMIT" }

// Commits matches the Query or Bind that asks for COMMIT and nothing else.
func Commits(m Message) bool {
	return m.Frontend && (m.Type == 'Q' || m.Type == 'B') && isCommit(m.SQL)
}

// Runs matches the Query or Bind that asks for a statement containing text, in
// any case; it does not match a mere Parse.
//
// Cut before Runs("commit"), COMMIT never reaches the server.
func Runs(text string) func(Message) bool {
	text = strings.ToLower(text)
	return func(m Message) bool {
		return m.Frontend && (m.Type == 'Q' || m.Type == 'B') && strings.Contains(strings.ToLower(m.SQL), text)
	}
}

// Sent returns a matcher of the message that makes the server run a statement
// containing text: its Query, or the Sync behind its Bind.
//
// Cut after Sent("commit"), COMMIT reaches the server and its reply nobody.
// The matcher remembers what it has seen: use a new one for each rule.
func Sent(text string) func(Message) bool {
	runs := Runs(text)
	var mu sync.Mutex
	bound := make(map[int]bool) // by connection
	return func(m Message) bool {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case runs(m) && m.Type == 'Q':
			return true
		case runs(m):
			bound[m.Conn] = true
		case m.Frontend && m.Type == 'S' && bound[m.Conn]:
			delete(bound, m.Conn)
			return true
		}
		return false
	}
}

// ReplyTo returns a matcher of the server's answer to the statements that match,
// whose Query or Bind match sees: the CommandComplete or the ErrorResponse.
//
// Cut before ReplyTo(Runs("insert into")), the row was inserted and the client
// cannot know. The matcher counts what goes by: make a new one for each rule, at
// a moment when the proxy's connections wait for no answer.
func ReplyTo(match func(Message) bool) func(Message) bool {
	var mu sync.Mutex
	conns := make(map[int]*replies)
	return func(m Message) bool {
		mu.Lock()
		defer mu.Unlock()
		r := conns[m.Conn]
		if r == nil {
			r = &replies{awaited: make(map[spot]bool)}
			conns[m.Conn] = r
		}
		if m.Frontend {
			r.sent(m, match)
			return false
		}
		return r.received(m)
	}
}

// spot is a statement by its number in the group that one Sync or Query ends.
type spot struct{ group, statement int }

// replies pairs the statements of one connection with their answers.
type replies struct {
	asked, answered spot
	awaited         map[spot]bool
}

func (r *replies) sent(m Message, match func(Message) bool) {
	switch m.Type {
	case 'Q', 'B':
		if r.asked.statement++; match(m) {
			r.awaited[r.asked] = true
		}
	}
	if m.Type == 'Q' || m.Type == 'S' || m.Type == 'F' {
		r.asked = spot{group: r.asked.group + 1}
	}
}

func (r *replies) received(m Message) bool {
	next := spot{r.answered.group, r.answered.statement + 1}
	switch m.Type {
	case 'C', 'I', 's':
		r.answered = next
		return r.awaited[next]
	case 'E':
		return r.awaited[next]
	case 'Z':
		if r.answered.group < r.asked.group { // not the one that ends the start
			r.answered = spot{group: r.answered.group + 1}
		}
	}
	return false
}

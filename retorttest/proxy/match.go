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

package proxy

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"sync"
)

// FailWith makes the server refuse the first statement that matches: the client
// gets an ErrorResponse with that SQLSTATE, the statement does not run, and the
// server's transaction is as after any error of its own. Match sees each Query
// and Bind; package proxy has ready-made matchers.
//
// A COMMIT that matches becomes a ROLLBACK, so that the transaction is gone as
// after a COMMIT that failed. A SQLSTATE with which a server ends the session,
// such as 57P01, is FATAL and the connection is cut behind it.
//
//   - Shape: the refusal is the server's own, of a statement that it does not know;
//     the proxy writes the SQLSTATE into it. A Query of several statements is
//     refused as a whole. In a transaction that has failed already the server says
//     25P02 as ever.
func (p *Proxy) FailWith(match func(Message) bool, sqlstate string) *Rule {
	return p.rule(&Rule{code: sqlstate, match: func(m Message) bool {
		return m.Frontend && (m.Type == 'Q' || m.Type == 'B') && match(m)
	}})
}

// refusals are the statements of one connection that the server is made to
// refuse: each is sent under a name that the server does not know, by which its
// answer is found again.
type refusals struct {
	mu     sync.Mutex // guards all; the two directions meet here
	made   int
	codes  map[string]string // SQLSTATE by unknown name
	muted  bool              // drop what the client sends, up to its Sync
	rolled bool              // a COMMIT became a ROLLBACK, whose tag nobody may see
	held   *Message          // that tag, until it is known whose it is
}

// refuse returns what is sent in place of a Query or Bind.
func (r *refusals) refuse(m Message, code string) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.made++
	name := fmt.Sprintf("retort_fault_%d_%d", m.Conn, r.made)
	if r.codes == nil {
		r.codes = make(map[string]string)
	}
	r.codes[name] = code
	switch {
	case isCommit(m.SQL):
		// A Query brings its own ReadyForQuery, in place of the Sync's.
		r.rolled, r.muted = true, m.Type == 'B'
		return frame('Q', "ROLLBACK; EXECUTE "+name+"\x00")
	case m.Type == 'Q':
		return frame('Q', "EXECUTE "+name+"\x00")
	default:
		// The unnamed portal; no formats, no parameters, no result formats.
		return frame('B', "\x00"+name+"\x00"+"\x00\x00\x00\x00\x00\x00")
	}
}

// rewrite returns what is forwarded in place of m: nothing of a statement that
// became another, and the chosen SQLSTATE in an answer.
func (r *refusals) rewrite(m Message) []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.Frontend {
		if r.muted {
			r.muted = m.Type != 'S'
			return nil
		}
		return []Message{m}
	}
	if len(r.codes) == 0 {
		return []Message{m}
	}
	held := r.held
	r.held = nil
	if m.Type == 'E' {
		for name, code := range r.codes {
			if bytes.Contains(m.Body, []byte(`"`+name+`"`)) {
				delete(r.codes, name)
				if isTag(held, "ROLLBACK") {
					r.rolled, held = false, nil
				}
				return with(held, refusal(m, code))
			}
		}
	}
	if r.rolled && isTag(&m, "ROLLBACK") {
		r.held = &m
		return with(held)
	}
	return with(held, m)
}

func isTag(m *Message, tag string) bool { return m != nil && m.Tag() == tag }

func with(first *Message, rest ...Message) []Message {
	if first == nil {
		return rest
	}
	return append([]Message{*first}, rest...)
}

// refusal writes code into the server's answer; where in its source the server
// was (F, L, R) stays.
func refusal(m Message, code string) Message {
	severity := "ERROR"
	switch code {
	case "25P03", "25P04", "57P01", "57P02", "57P03", "57P04", "57P05":
		severity, m.fatal = "FATAL", true
	}
	body := "S" + severity + "\x00V" + severity + "\x00C" + code + "\x00Mthis statement was chosen to fail with " + code + "\x00"
	for fields := m.Body; len(fields) > 1 && fields[0] != 0; {
		value, rest, _ := bytes.Cut(fields[1:], []byte{0})
		if bytes.IndexByte([]byte("FLR"), fields[0]) >= 0 {
			body += string(fields[0]) + string(value) + "\x00"
		}
		fields = rest
	}
	m.raw = frame('E', body+"\x00")
	m.Body = m.raw[5:]
	return m
}

// frame is a message as it travels.
func frame(typ byte, body string) []byte {
	out := binary.BigEndian.AppendUint32([]byte{typ}, uint32(len(body)+4))
	return append(out, body...)
}

// isCommit tells a statement that commits and does nothing else.
func isCommit(sql string) bool {
	sql = strings.TrimSpace(sql)
	for strings.HasPrefix(sql, "/*") {
		_, rest, closed := strings.Cut(sql, "*/")
		if !closed {
			return false
		}
		sql = strings.TrimSpace(rest)
	}
	words := strings.Fields(strings.ToUpper(strings.TrimRight(sql, "; \t\r\n")))
	if len(words) == 0 || words[0] != "COMMIT" && words[0] != "END" {
		return false
	}
	return len(words) == 1 || len(words) == 2 && (words[1] == "WORK" || words[1] == "TRANSACTION")
}

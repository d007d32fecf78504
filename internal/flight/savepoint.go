package flight

import "strings"

// SavepointStep is what a statement does to the savepoints of its transaction.
type SavepointStep uint8

// The steps.
const (
	NoSavepoint         SavepointStep = iota
	SetSavepoint                      // SAVEPOINT name
	ReleaseSavepoint                  // RELEASE [SAVEPOINT] name
	RollbackToSavepoint               // ROLLBACK [WORK|TRANSACTION] TO [SAVEPOINT] name
)

// SavepointOf reads a statement of the user's own: what it does to which
// savepoint. What functions and the later ones of several statements do stays
// unseen.
//
//   - Shape: the name as the server knows it.
func SavepointOf(sql string) (SavepointStep, string) {
	word, rest := commandWord(sql)
	switch word {
	case "SAVEPOINT":
		return SetSavepoint, identifier(rest)
	case "RELEASE":
		return ReleaseSavepoint, identifier(behind(rest, "SAVEPOINT"))
	case "ROLLBACK", "ABORT":
		rest = behind(behind(rest, "WORK"), "TRANSACTION")
		to, rest := commandWord(rest)
		if to != "TO" {
			return NoSavepoint, ""
		}
		return RollbackToSavepoint, identifier(behind(rest, "SAVEPOINT"))
	default:
		return NoSavepoint, ""
	}
}

// behind drops one leading word, if it is that one and a name follows.
func behind(sql, word string) string {
	if first, rest := commandWord(sql); first == word && identifier(rest) != "" {
		return rest
	}
	return sql
}

// identifier is the first name in sql, folded as the server folds it.
func identifier(sql string) string {
	sql = skipBlank(sql)
	if strings.HasPrefix(sql, `"`) {
		var b strings.Builder
		for i := 1; i < len(sql); i++ {
			if sql[i] == '"' {
				if i+1 == len(sql) || sql[i+1] != '"' {
					return b.String()
				}
				i++
			}
			b.WriteByte(sql[i])
		}
		return b.String()
	}
	if end := strings.IndexAny(sql, " \t\r\n\f\v;-/"); end >= 0 {
		sql = sql[:end]
	}
	return strings.ToLower(sql)
}

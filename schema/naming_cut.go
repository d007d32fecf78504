package schema

import (
	"crypto/md5"  // #nosec G501 -- a name, as SQLAlchemy makes it
	"crypto/sha1" // #nosec G505 -- a name, as GORM makes it
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"unicode/utf8"
)

// Cut says how a name over 63 bytes is cut: each tool does it in its own way. What
// the server names itself, by a pattern of [PostgreSQLNaming], it cuts itself,
// whichever tool asked for it.
type Cut string

// The ways to cut.
const (
	// CutHash keeps the beginning and ends in eight digits of a hash of the whole.
	CutHash Cut = ""

	// CutPostgreSQL shortens the longer of table and columns until both fit.
	//
	//   - Source: makeObjectName in PostgreSQL's source.
	CutPostgreSQL Cut = "postgresql"

	// CutSQLAlchemy keeps 55 letters and ends in four digits of the MD5 of the whole.
	//
	//   - Source: _truncate_and_render_maxlen_name in SQLAlchemy's compiler.
	CutSQLAlchemy Cut = "sqlalchemy"

	// CutGORM keeps 55 bytes and ends in eight digits of the SHA-1 of the whole.
	//
	//   - Source: NamingStrategy.formatName of GORM 1.25 and newer, with the limit that
	//     its driver for PostgreSQL sets.
	CutGORM Cut = "gorm"

	// CutRails names an index over 62 bytes idx_on_ with its columns, and ends in ten
	// digits of the SHA-256 of the whole.
	//
	//   - Source: generate_index_name of Active Record 7.1 and newer; older ones refuse
	//     the name.
	CutRails Cut = "rails"
)

// cut shortens long, which pattern and p made.
func (c Cut) cut(pattern, long string, p *parts) string {
	switch {
	case c == CutHash:
		if len(long) > MaxIdentifier {
			h := fnv.New32a()
			_, _ = h.Write([]byte(long))
			suffix := fmt.Sprintf("_%08x", h.Sum32())
			return clip(long, MaxIdentifier-len(suffix)) + suffix
		}
	case serverNames(pattern):
		return p.serverName(pattern)
	case c == CutSQLAlchemy:
		if letters := []rune(long); len(letters) > MaxIdentifier {
			sum := md5.Sum([]byte(long)) // #nosec G401 -- as above
			long = string(letters[:MaxIdentifier-8]) + "_" + hex.EncodeToString(sum[:])[28:]
		}
	case c == CutGORM:
		if utf8.RuneCountInString(long) > MaxIdentifier {
			sum := sha1.Sum([]byte(long)) // #nosec G401 -- as above
			long = strings.ToValidUTF8(long[:MaxIdentifier-8], "") + hex.EncodeToString(sum[:])[:8]
		}
	case c == CutRails && strings.Contains(pattern, "{columns and}"):
		const limit = 62
		if len(long) > limit {
			sum := sha256.Sum256([]byte(long))
			suffix := "_" + hex.EncodeToString(sum[:])[:10]
			long = clip("idx_on_"+strings.Join(p.columns, "_"), limit-len(suffix)) + suffix
		}
	}
	return clip(long, MaxIdentifier) // as the server does with what is too long still
}

// serverNames reports whether a pattern is how the server names something.
func serverNames(pattern string) bool {
	n := PostgreSQLNaming()
	return slices.Contains([]string{n.PrimaryKey, n.Unique, n.Index, n.Check, n.ForeignKey, n.Exclusion}, pattern)
}

// serverName is the name that the server makes: the table, the columns or nothing,
// and a label.
func (p *parts) serverName(pattern string) string {
	label := pattern[strings.LastIndexByte(pattern, '_'):]
	first, second := p.table, strings.TrimSuffix(strings.TrimPrefix(pattern, "{table}_"), label)
	room := MaxIdentifier - len(label)
	switch second {
	case "{columns}":
		second = joined(p.columns)
		room--
	case "{name}":
		second = p.name
		room--
	default:
		return clip(first, room) + label
	}
	for n, m := len(first), len(second); ; {
		if n+m <= room {
			return clip(first, n) + "_" + clip(second, m) + label
		}
		if n > m {
			n--
		} else {
			m--
		}
	}
}

// joined is as many columns as the server looks at.
func joined(columns []string) string {
	all := ""
	for i, name := range columns {
		if i > 0 {
			all += "_"
		}
		if all += name; len(all) > MaxIdentifier {
			break
		}
	}
	return all
}

// clip is as much of text as n bytes hold, no letter cut.
func clip(text string, n int) string {
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n]
}

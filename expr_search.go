package retort

import (
	"fmt"
	"regexp"

	"github.com/retort-go/retort/internal/query"
)

// TSVector is the Go type of full-text documents in expressions; it holds nothing.
type TSVector struct{}

// TSQuery is the Go type of full-text queries in expressions; it holds nothing.
type TSQuery struct{}

// ToTSVector is a text as a document of the given configuration, "english" or
// "simple". An index on the same expression serves [Matches].
//
//   - Errors: a configuration that is no name, when the query runs.
func ToTSVector(config string, e Expr[string]) Expr[TSVector] {
	return Expr[TSVector]{query.Call("to_tsvector", searchConfig(config), e.node)}
}

// TSVectorOf is a column of the type tsvector, whatever its Go type.
func TSVectorOf[V any](field *V) Expr[TSVector] {
	return Expr[TSVector]{query.Column("TSVectorOf", field)}
}

// WebSearch is what a person writes into a search field as a query: words, "quoted
// phrases", or, -without. It never fails.
func WebSearch(config, words string) Expr[TSQuery] {
	return Expr[TSQuery]{query.Call("websearch_to_tsquery", searchConfig(config), text(words))}
}

// PlainSearch is all words as a query.
func PlainSearch(config, words string) Expr[TSQuery] {
	return Expr[TSQuery]{query.Call("plainto_tsquery", searchConfig(config), text(words))}
}

// PhraseSearch is words that follow each other as a query.
func PhraseSearch(config, words string) Expr[TSQuery] {
	return Expr[TSQuery]{query.Call("phraseto_tsquery", searchConfig(config), text(words))}
}

// ToTSQuery is a query in PostgreSQL's own language: "cat & (dog | mouse:*)".
//
//   - Errors: the server's, for text that is none; input of people is for
//     [WebSearch].
func ToTSQuery(config, text_ string) Expr[TSQuery] {
	return Expr[TSQuery]{query.Call("to_tsquery", searchConfig(config), text(text_))}
}

// Matches holds when a document answers a query.
func Matches(document Expr[TSVector], q Expr[TSQuery]) Predicate {
	return query.Condition("Matches", query.Op(document.node, "@@", q.node))
}

// SearchRank tells how well a document answers a query, by the frequency of its
// words.
func SearchRank(document Expr[TSVector], q Expr[TSQuery]) Expr[float32] {
	return Expr[float32]{query.Call("ts_rank", document.node, q.node)}
}

// SearchRankCD is [SearchRank] that heeds how close the words are.
func SearchRankCD(document Expr[TSVector], q Expr[TSQuery]) Expr[float32] {
	return Expr[float32]{query.Call("ts_rank_cd", document.node, q.node)}
}

// Headline is a part of a text with the words of a query marked: options such as
// "MaxWords=10, StartSel=<b>, StopSel=</b>". The text is not escaped as HTML.
func Headline(config string, e Expr[string], q Expr[TSQuery], options string) Expr[string] {
	return Expr[string]{query.Call("ts_headline", searchConfig(config), textual(e), q.node, text(options))}
}

// searchConfig is a constant: only with one an index on to_tsvector is of use.
func searchConfig(name string) query.Node {
	if ok, err := regexp.MatchString(`^[a-z_][a-z0-9_]{0,62}(\.[a-z_][a-z0-9_]{0,62})?$`, name); err != nil || !ok {
		return query.Failed(fmt.Errorf("retort: %q is not the name of a text search configuration, such as \"english\" or \"simple\"", name))
	}
	return query.Text("'"+name+"'::regconfig", false)
}

// Similarity tells how alike two texts are, from 0 to 1, by their trigrams. It
// needs the extension pg_trgm, as all that follows.
func Similarity(e Expr[string], other string) Expr[float32] {
	return Expr[float32]{query.Call("similarity", textual(e), text(other))}
}

// WordSimilarity tells how alike a word is to the most similar part of the text.
func WordSimilarity(word string, e Expr[string]) Expr[float32] {
	return Expr[float32]{query.Call("word_similarity", text(word), textual(e))}
}

// Similar holds when two texts are more alike than pg_trgm.similarity_threshold,
// which is 0.3 unless somebody changed it. A trigram index serves it.
func Similar[V ~string](field *V, other string) Predicate {
	return query.Condition("Similar", query.Op(query.Column("Similar", field), "%", text(other)))
}

// TextDistance is 1 less [Similarity]: ordered by it, a trigram index gives the
// nearest first.
func TextDistance[V ~string](field *V, other string) Expr[float32] {
	return Expr[float32]{query.Distance(query.Column("TextDistance", field), "<->", text(other))}
}

// ILike holds when the text matches the pattern, whatever the case of its letters;
// see [Like].
func ILike[V ~string](field *V, pattern string) Predicate {
	return query.Condition("ILike", query.Op(query.Suffix("ILike", query.Column("ILike", field), "::text"), "ILIKE", text(pattern)))
}

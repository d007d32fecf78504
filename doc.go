// Package retort is a data layer for Go services on PostgreSQL: an engine with a
// pool, models as plain structs, and sessions that write what changed in as few
// round trips as the protocol allows.
//
// Four nouns answer four questions. [Engine]: where is the data. [Table] and
// [Base]: what is it. [Query]: how is it read. [Session]: how is it changed.
//
//	type Book struct {
//		retort.UUIDKey
//		retort.Timestamps
//		Title string
//		Note  *string // nullable
//	}
//
//	var (
//		Books = retort.NewTable[Book]("books")
//		Base  = retort.NewBase(Books)
//	)
//
//	eng, err := retort.Open(retort.Config{Base: Base, URL: os.Getenv("DATABASE_URL")})
//	book, err := retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (*Book, error) {
//		b := &Book{Title: "Emma"}
//		s.Add(b)
//		return b, nil
//	})
//
// Nothing happens behind the reader's back: opening an engine connects to
// nothing, a relation is loaded when a query says so, and every statement is
// text that can be logged with [Config.Echo].
//
// Package web puts a session into every HTTP request and commits before the
// response; package retorttest gives every test a database. The machinery is
// below, in pool and internal: flight (the round trip), mapper (structs and
// columns), unitofwork (what changed) and query (conditions to SQL).
package retort

package cli_test

import "github.com/retort-go/retort"

// What release 1 declares.
type author struct {
	retort.UUIDKey
	Name string
}

// What release 2 declares: a column more, and a table.
type author2 struct {
	retort.UUIDKey
	Name  string
	Email *string
}

type book struct {
	retort.UUIDKey
	Title string
}

// What release 3 declares: another name for the name of authors.
type author3 struct {
	retort.UUIDKey
	FullName string
	Email    *string
}

// bases are the models by release.
var bases = map[string]*retort.Base{
	"none": nil,
	"1":    retort.NewBase(retort.NewTable[author]("authors")),
	"2":    retort.NewBase(retort.NewTable[author2]("authors"), retort.NewTable[book]("books")),
	"3":    retort.NewBase(retort.NewTable[author3]("authors"), retort.NewTable[book]("books")),
}

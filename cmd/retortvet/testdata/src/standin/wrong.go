package standin

import (
	"fmt"
	"time"

	"github.com/retort-go/retort"
)

func values(s *retort.Session, in *Book) {
	c := Books.C
	retort.Lt(&c.DueAt, c.ExtendedAt)        // want `passes c.ExtendedAt to retort.Lt as a value, but a field of a stand-in names its column by address and never holds a value: pass the value itself`
	retort.Lt(&c.DueAt, (c.Dates).DueAt)     // want `passes \(c.Dates\).DueAt to retort.Lt as a value`
	retort.Opt(&c.Title, c.Note)             // want `passes c.Note to retort.Opt as a value`
	retort.In(&c.Title, c.Tags)              // want `passes c.Tags to retort.In as a value`
	retort.In(&c.Title, []string{c.Title})   // want `reads c.Title`
	retort.Eq(&c.Title, Books.C.Title)       // want `passes Books.C.Title to retort.Eq as a value`
	retort.Eq(&books.Title, books.Title)     // want `passes books.Title to retort.Eq as a value`
	retort.Eq(&c.Title, *c.Note)             // want `reads c.Note`
	retort.When(c.InPrint, c.open())         // want `passes c.InPrint to retort.When as a value`
	retort.When(c.Note != nil, c.open())     // want `compares c.Note with nil, .*write retort.IsNotNull\(c.Note\)`
	retort.When(nil == c.Note, c.open())     // want `compares c.Note with nil, .*write retort.IsNull\(c.Note\)`
	retort.When(c.Kind == "new", c.open())   // want `reads c.Kind`
	Books.Where().With(c.Loans)              // want `passes the value of c.Loans to Query.With, .*: write &c.Loans`
	Books.Where().GroupBy(c.Title)           // want `passes the value of c.Title to Query.GroupBy, .*: write &c.Title`
	Books.Where().After(c.Title)             // want `passes c.Title to Query.After as a value`
	Books.Insert(in).OnConflict(c.Title)     // want `passes the value of c.Title to Ins.OnConflict, .*: write &c.Title`
	_, _ = Books.Get(s, c.ID)                // want `passes c.ID to Table.Get as a value`
	retort.SQL[int64]("SELECT $1", c.Title)  // want `passes c.Title to retort.SQL as a value`
	retort.Eq(&c.DueAt, Books.As("b").DueAt) // want `passes Books.As\("b"\).DueAt to retort.Eq as a value`
}

func reads(in *Book, kinds chan Kind) (string, *string) {
	c := Books.C
	fmt.Println(c.Title)                    // want `passes c.Title to fmt.Println, .*: pass the field of a row, or &c.Title if fmt.Println takes a column`
	fmt.Println(c.Note)                     // want `passes c.Note to fmt.Println`
	fmt.Println(len(c.Tags))                // want `reads c.Tags`
	fmt.Println(string(c.Kind))             // want `reads c.Kind`
	fmt.Println(c.Tags[0])                  // want `reads c.Tags`
	fmt.Println(c.Extra["x"])               // want `reads c.Extra`
	fmt.Println(c.Grid[0])                  // want `passes c.Grid\[0\] to fmt.Println`
	fmt.Println(c.Home.City)                // want `passes c.Home.City to fmt.Println`
	fmt.Println(c.Pages + 1)                // want `reads c.Pages`
	fmt.Println(-c.Pages)                   // want `reads c.Pages`
	fmt.Println(c.DueAt.Before(time.Now())) // want `calls Before of c.DueAt, .*: call it on a row that a query returned`
	fmt.Println(c.Kind.Text())              // want `calls Text of c.Kind`
	_, _ = c.Loans.All()                    // want `calls All of c.Loans`
	title := c.Title                        // want `reads c.Title`
	var note = c.Pages                      // want `reads c.Pages`
	in.Note = c.Note                        // want `reads c.Note`
	row := &Book{Note: c.Note}              // want `reads c.Note`
	kinds <- c.Kind                         // want `reads c.Kind`
	for range c.Tags {                      // want `reads c.Tags`
	}
	switch c.Kind { // want `reads c.Kind`
	}
	if c.Title == "x" { // want `reads c.Title`
	}
	func() { fmt.Println(title, note, row, c.ID) }() // want `passes c.ID to fmt.Println`
	return c.Title, c.Note                           // want `reads c.Title`
}

func writes(in *Book) {
	c := Books.C
	c.Title = "Emma"        // want `writes to c.Title, .*, and all queries of the table share it: set the field of a row`
	c.Pages++               // want `writes to c.Pages`
	c.Pages += 2            // want `writes to c.Pages`
	c.Grid[0] = 1           // want `writes to c.Grid\[0\]`
	c.Home.City = ""        // want `writes to c.Home.City`
	*c.Note = "x"           // want `writes to c.Note`
	c.Note = nil            // want `writes to c.Note`
	(*c).Title = "x"        // want `writes to \(\*c\).Title`
	(*c) = Book{}           // want `writes over the stand-in \*c`
	*Books.C = *in          // want `writes over the stand-in \*Books.C`
	Books.C.ID, c.ID = 1, 2 // want `writes to Books.C.ID` `writes to c.ID`
	for c.Pages = range 3 { // want `writes to c.Pages`
	}
}

func copies(use func(Book)) {
	c := Books.C
	row := *c     // want `copies the stand-in \*c: the copy holds no values, and pointers into it name no columns`
	use(*Books.C) // want `copies the stand-in \*Books.C`
	c.Overdue()   // want `c.Overdue copies the stand-in, as the receiver of Overdue is no pointer`
	row.Title = "fine"
}

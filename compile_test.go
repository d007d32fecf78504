package retort_test

import (
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
)

// baseError is what Open says of models.
func baseError(t *testing.T, items ...retort.Item) string {
	t.Helper()
	return openError(t, retort.Config{URL: "postgres://h/x", Base: retort.NewBase(items...)})
}

// wantProblems fails the test unless the text is exactly these problems, each
// known by its parts.
func wantProblems(t *testing.T, text string, problems ...[]string) {
	t.Helper()
	lines := strings.Split(text, "\n")
	if len(lines) > 1 {
		lines = lines[1:]
	}
	if len(lines) != len(problems) {
		t.Errorf("%d problems, want %d:\n%s", len(lines), len(problems), text)
		return
	}
	for i, parts := range problems {
		for _, part := range parts {
			if !strings.Contains(lines[i], part) {
				t.Errorf("%q is not in %q", part, lines[i])
			}
		}
	}
}

// Fields that cannot be columns.
type (
	unsignedField  struct{ N uint64 }
	smallField     struct{ N int8 }
	complexField   struct{ N complex64 }
	structField    struct{ N struct{ A int } }
	mapField       struct{ N map[string]int }
	sliceField     struct{ N []func() }
	arrayField     struct{ N [4]byte }
	funcField      struct{ N func() }
	interfaceField struct{ N any }
	doublePointer  struct{ N **string }
	pointerToMany  struct{ N *retort.Many[Book] }
	nameTooLong    struct {
		N string `db:"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`
	}
	tagOnUnexported struct {
		n string `db:"n"`
	}
	embeddedTime    struct{ time.Time }
	secondKey       struct{ ID uuid.UUID }
	sameColumnTwice struct {
		A string
		B string `db:"a"`
	}
)

func TestFieldsThatCannotBeColumns(t *testing.T) {
	t.Parallel()
	key := "has no primary key"
	_ = tagOnUnexported{}.n
	for _, tc := range []struct {
		table retort.Item
		want  []string
	}{
		{retort.NewTable[unsignedField]("t"), []string{"retort_test.unsignedField: field N", "int64"}},
		{retort.NewTable[smallField]("t"), []string{"field N", "int16"}},
		{retort.NewTable[complexField]("t"), []string{"field N", "float64"}},
		{retort.NewTable[structField]("t"), []string{"field N", "jsonb"}},
		{retort.NewTable[mapField]("t"), []string{"field N", "jsonb"}},
		{retort.NewTable[sliceField]("t"), []string{"field N"}},
		{retort.NewTable[arrayField]("t"), []string{"field N"}},
		{retort.NewTable[funcField]("t"), []string{"field N", `db:"-"`}},
		{retort.NewTable[interfaceField]("t"), []string{"field N"}},
		{retort.NewTable[doublePointer]("t"), []string{"field N", "pointer"}},
		{retort.NewTable[pointerToMany]("t"), []string{"field N", "a pointer to a relation; write retort.Many["}},
		{retort.NewTable[nameTooLong]("t"), []string{"field N", "64 bytes", "63"}},
		{retort.NewTable[tagOnUnexported]("t"), []string{"field n", "unexported"}},
		{retort.NewTable[embeddedTime]("t"), []string{"field Time", "give the field a name"}},
		{retort.NewTable[sameColumnTwice]("t"), []string{"field B", "column a is already that of field A"}},
		{retort.NewTable[struct{ *retort.UUIDKey }]("t"), []string{"UUIDKey", "embed retort.UUIDKey by value"}},
		{retort.NewTable[struct {
			retort.UUIDKey
			secondKey
		}]("t"), []string{"secondKey.ID", "column id is already that of field UUIDKey.ID"}},
		{retort.NewTable[*Book]("t"), []string{"is not a struct"}},
		{retort.NewTable[time.Time]("t"), []string{"time.Time", "is not a struct of columns"}},
		{retort.NewTable[struct{}]("t"), []string{key}},
	} {
		text := baseError(t, tc.table)
		first := text
		if lines := strings.Split(text, "\n"); len(lines) > 1 {
			first = lines[1]
		}
		for _, want := range tc.want {
			if !strings.Contains(first, want) {
				t.Errorf("%q is not in %q", want, text)
			}
		}
		if strings.Count(first, "retort: model") != 1 || strings.Contains(first, "mapper:") && !strings.Contains(first, "struct of columns") {
			t.Errorf("got %q", first)
		}
	}
}

// Models whose Define methods are wrong, each in its own way.
type (
	wrongPointers struct {
		retort.UUIDKey
		A string
		R retort.Many[Book] `db:"-"`
	}
	panics      struct{ retort.UUIDKey }
	otherDefine struct {
		retort.UUIDKey
		A string
	}
	badKeys struct {
		A *string
		B string
	}
	badVersion struct {
		retort.UUIDKey
		V *int64
	}
	badMakers struct {
		ID int64
		U  uuid.UUID
	}
	badRelations struct {
		retort.UUIDKey
		Books  retort.Many[Book]
		Events retort.Many[Event]
		Lost   retort.Many[Counter]
		Twice  retort.Many[Book]
		Boom   retort.Many[Book]
	}
)

func (wrongPointers) Define(d *retort.Definition[wrongPointers]) {
	var nothing *string
	loaded := wrongPointers{}
	d.Index(&Books.C.Title)
	d.Index()
	d.Unique(nothing)
	d.Unique(nil)
	d.Index(d.C.A) //retortvet:ignore standin the model's mistakes are what is tested
	d.Index(&loaded.A)
	d.Column(&d.C.UUIDKey).Name("x")
	d.Column(&Books.C.Title).Type("text")
	d.References(&d.C.A, "authors.id")
	d.References(&d.C.A, &loaded.A)
	d.References(&Books.C.Title, &Authors.C.ID)
	d.ForeignKey([]any{&d.C.A, &d.C.ID}, []any{&Authors.C.ID, &Books.C.ID})
	d.ForeignKey([]any{&d.C.A}, nil)
	d.References(&d.C.A, &Authors.C.Books)
}

func (panics) Define(*retort.Definition[panics]) { panic("on purpose") }

func (otherDefine) Define(d *retort.Definition[badKeys]) { d.PrimaryKey(&d.C.B) }

func (badKeys) Define(d *retort.Definition[badKeys]) { d.PrimaryKey(&d.C.A) }

func (badVersion) Define(d *retort.Definition[badVersion]) { d.Version(&d.C.V) }

func (badMakers) Define(d *retort.Definition[badMakers]) {
	d.PrimaryKey(&d.C.ID)
	d.Column(&d.C.ID).MadeBy(retort.UUIDv7).OnUpdate("1")
	d.Column(&d.C.U).MadeBy(retort.UUIDv4)
}

func (badRelations) Define(d *retort.Definition[badRelations]) {
	byAuthor := func(b *Book) *uuid.UUID { return &b.AuthorID }
	retort.HasMany(d, &d.C.Books, Books, func(b *Book) *string { return &b.Title })
	retort.HasMany(d, &d.C.Events, Events, func(*Event) *uuid.UUID { return new(uuid.UUID) })
	retort.HasMany(d, &d.C.Twice, Books, byAuthor)
	retort.HasMany(d, &d.C.Twice, Books, byAuthor)
	retort.HasMany(d, &d.C.Boom, Books, func(*Book) *string { panic("on purpose") })
}

func TestDefinitionsThatAreWrong(t *testing.T) {
	t.Parallel()
	rest := []retort.Item{Authors, Books, Events, Counters, Genres}
	with := func(t retort.Item) []retort.Item { return append([]retort.Item{t}, rest...) }
	t.Run("pointers", func(t *testing.T) {
		t.Parallel()
		wantProblems(t, baseError(t, with(retort.NewTable[wrongPointers]("t"))...),
			[]string{"wrongPointers: Column: got a *retort.UUIDKey that is no field of d.C"},
			[]string{`Column: got a field of retort_test.Book (table "books"); pass a pointer to a field of d.C`},
			[]string{"Unique: got nil"},
			[]string{"Unique: got nil"},
			[]string{"Index: got a field of retort_test.Book"},
			[]string{"Index: no field given"},
			[]string{"Index: got a string that is no field of d.C; pass its address"},
			[]string{"Index: got a *string that is no field of d.C"},
			[]string{"References: the target is not a field of any table"},
			[]string{"References: the target is not a field of any table"},
			[]string{"References: got a field of retort_test.Book"},
			[]string{"References: the targets are fields of retort_test.Author and of retort_test.Book"},
			[]string{"References: no target given"},
			[]string{"References: field Books of retort_test.Author is a relation"},
		)
	})
	t.Run("a_panic", func(t *testing.T) {
		t.Parallel()
		wantProblems(t, baseError(t, retort.NewTable[panics]("t")), []string{"retort_test.panics: Define panicked: on purpose"})
	})
	t.Run("Define_of_another_model", func(t *testing.T) {
		t.Parallel()
		wantProblems(t, baseError(t, retort.NewTable[otherDefine]("t")),
			[]string{"otherDefine: Define of retort_test.otherDefine takes a Definition of retort_test.badKeys; write func (otherDefine) Define(d *retort.Definition[otherDefine])"})
	})
	t.Run("keys_and_versions", func(t *testing.T) {
		t.Parallel()
		wantProblems(t, baseError(t, retort.NewTable[badKeys]("k")), []string{`primary key "a" is a pointer; a key cannot be NULL`})
		wantProblems(t, baseError(t, retort.NewTable[badVersion]("v")), []string{`version "v" is a pointer`})
		wantProblems(t, baseError(t, retort.NewTable[badMakers]("m")),
			[]string{`primary key "id" is made by the client but its type int64 is not a UUID`},
			[]string{`primary key "id" is set by every UPDATE`},
			[]string{`Column "u": MadeBy is for the primary key`})
	})
	t.Run("relations", func(t *testing.T) {
		t.Parallel()
		wantProblems(t, baseError(t, with(retort.NewTable[badRelations]("r"))...),
			[]string{"badRelations: HasMany Books: column \"title\" of retort_test.Book is string, but the key it refers to is uuid.UUID"},
			[]string{"HasMany Events: the function must return the address of a column of retort_test.Event"},
			[]string{"HasMany Twice: declared twice"},
			[]string{"HasMany Boom: the function that names the column panicked"},
			[]string{"field Lost: no HasMany says which rows it holds"})
		text := baseError(t, Authors, Genres)
		wantProblems(t, text, []string{`model retort_test.Author: HasMany Books: table "books" is not listed in NewBase`})
	})
	t.Run("tables", func(t *testing.T) {
		t.Parallel()
		wantProblems(t, baseError(t, Counters, retort.NewTable[Counter]("others")),
			[]string{`retort_test.Counter: is listed for the tables "counters" and "others"`})
		wantProblems(t, baseError(t, Counters, Counters), []string{`its table "counters" is listed twice`})
		wantProblems(t, baseError(t, &retort.Table[Counter]{}), []string{"a Table that NewTable did not make"})
		wantProblems(t, baseError(t, (*retort.Table[Counter])(nil), (*retort.EnumType)(nil), nil),
			[]string{"an EnumType was not made by NewEnum"}, []string{"a Table that NewTable did not make"})
		type twin Counter
		wantProblems(t, baseError(t, Counters, retort.NewTable[struct {
			retort.UUIDKey
			twin
		}]("counters")), []string{`the name "counters" is taken already`}, []string{`"pk_counters" is taken already`})
		wantProblems(t, baseError(t, retort.NewTable[minimal](strings.Repeat("x", 64))), []string{"64 bytes", "63"})
		wantProblems(t, baseError(t, retort.NewTable[minimal]("")), []string{"name is empty"})
		wantProblems(t, baseError(t, retort.NewTable[minimal]("a\x00b")), []string{"NUL"}, []string{"NUL"})
	})
	t.Run("enums", func(t *testing.T) {
		t.Parallel()
		type shade string
		wantProblems(t, baseError(t, retort.NewEnum("genre", "a")), []string{"enum genre: its Go type is string; declare a type of its own"})
		wantProblems(t, baseError(t, retort.NewEnum[shade]("a", "x"), retort.NewEnum[shade]("b", "x")), []string{`"b": retort_test.shade stands for a already; declare a second Go type`})
		wantProblems(t, baseError(t, retort.NewEnum[shade]("a", "x", "", "x")), []string{`value "" is empty`}, []string{`value "x" is there twice`})
	})
}

// TestOneBrokenModelBlamesNoOther refers to a broken model in every way.
func TestOneBrokenModelBlamesNoOther(t *testing.T) {
	t.Parallel()
	wantProblems(t, baseError(t, retort.NewTable[dependent]("d"), brokens, Genres,
		retort.Trigger("t", "brokens", "CREATE TRIGGER t")),
		[]string{"retort_test.broken: field Bad"})
	wantProblems(t, baseError(t, retort.NewTable[dependent]("d"), Genres),
		[]string{"dependent: References: the target is not a field of any table in this Base"},
		[]string{`dependent: HasMany Broken: table "brokens" is not listed in NewBase`})
}

type minimal struct{ retort.UUIDKey }

type broken struct {
	retort.UUIDKey
	DependentID uuid.UUID
	Bad         chan int
}

var brokens = retort.NewTable[broken]("brokens")

type dependent struct {
	retort.UUIDKey
	BrokenID uuid.UUID
	Broken   retort.Many[broken]
}

func (dependent) Define(d *retort.Definition[dependent]) {
	d.References(&d.C.BrokenID, &brokens.C.ID)
	retort.HasMany(d, &d.C.Broken, brokens, func(b *broken) *uuid.UUID { return &b.DependentID })
}

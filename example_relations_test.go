package retort_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/schema"
)

// Album has songs, a cover, genres, and singers by what they sing.
type Album struct {
	retort.BigintKey
	Title   string
	Songs   retort.Many[Song]   `json:"songs,omitzero"`
	Cover   retort.One[Cover]   `json:"cover,omitzero"`
	Styles  retort.Many[Style]  `json:"styles,omitzero"`
	Singers retort.Many[Singer] `json:"singers,omitzero"`
}

// Song is on an album, and has a singer.
type Song struct {
	retort.BigintKey
	AlbumID  int64
	SingerID *int64
	Title    string
	Seconds  int32
	Album    retort.One[Album]  `json:"-"`
	Singer   retort.One[Singer] `json:"singer,omitzero"`
}

// Cover is an album's only one.
type Cover struct {
	retort.BigintKey
	AlbumID int64
	Color   string
}

// Style is shared by albums.
type Style struct {
	Name   string
	Albums retort.Many[Album] `json:"-"`
}

// Singer sings songs.
type Singer struct {
	retort.BigintKey
	Name string
}

// Define declares the relations of an album.
func (Album) Define(d *retort.Definition[Album]) {
	byAlbum := func(s *Song) *int64 { return &s.AlbumID }
	retort.HasMany(d, &d.C.Songs, Songs, byAlbum).OrderBy(retort.Asc(&Songs.C.Title)).OnRemove(schema.Cascade)
	retort.HasOne(d, &d.C.Cover, Covers, func(c *Cover) *int64 { return &c.AlbumID }).OnRemove(schema.Cascade)
	retort.ManyToMany(d, &d.C.Styles, AlbumStyles)
	retort.ManyThrough(d, &d.C.Singers, Singers, Songs, byAlbum, func(s *Song) *int64 { return s.SingerID })
}

// Define declares the relations of a song.
func (Song) Define(d *retort.Definition[Song]) {
	d.References(&d.C.AlbumID, &Albums.C.ID).OnDelete(schema.Cascade)
	d.References(&d.C.SingerID, &Singers.C.ID)
	retort.BelongsTo(d, &d.C.Album, Albums, &d.C.AlbumID)
	retort.BelongsTo(d, &d.C.Singer, Singers, d.C.SingerID)
}

// Define declares that an album has one cover at most.
func (Cover) Define(d *retort.Definition[Cover]) {
	d.References(&d.C.AlbumID, &Albums.C.ID).OnDelete(schema.Cascade)
	d.Unique(&d.C.AlbumID)
}

// Define declares the key, and the other end of Album.Styles.
func (Style) Define(d *retort.Definition[Style]) {
	d.PrimaryKey(&d.C.Name)
	retort.ManyToMany(d, &d.C.Albums, AlbumStyles.Reverse())
}

var (
	Albums      = retort.NewTable[Album]("albums")
	Songs       = retort.NewTable[Song]("songs")
	Covers      = retort.NewTable[Cover]("covers")
	Styles      = retort.NewTable[Style]("styles")
	Singers     = retort.NewTable[Singer]("singers")
	AlbumStyles = retort.NewLinkTable("album_styles", Albums, Styles)
	music       = retort.NewBase(Albums, Songs, Covers, Styles, Singers, AlbumStyles)
)

// listen adds an album with all that belongs to it.
func listen(ctx context.Context, s *retort.Session) (*Album, error) {
	nina := &Singer{Name: "Nina"}
	a := &Album{
		Title:  "Wild",
		Songs:  retort.ManyOf(&Song{Title: "Four", Seconds: 240, Singer: retort.OneOf(nina)}, &Song{Title: "Lilac", Seconds: 270, Singer: retort.OneOf(nina)}),
		Cover:  retort.OneOf(&Cover{Color: "blue"}),
		Styles: retort.ManyOf(&Style{Name: "jazz"}),
	}
	s.Add(a)
	return a, s.Flush(ctx)
}

func exampleMusic() (eng *retort.Engine, done func()) {
	tb := &exampleTB{}
	return retorttest.New(tb, music).Engine, tb.done
}

// A graph of new objects is added by one of them; the keys that the database
// makes reach the rows that refer to them.
func ExampleManyOf() {
	eng, done := exampleMusic()
	defer done()
	ctx := context.Background()
	s := eng.Session()
	defer s.Close(ctx)
	a, err := listen(ctx, s)
	songs, _ := a.Songs.All()
	fmt.Println(len(songs), songs[0].AlbumID == a.ID, songs[0].SingerID != nil, err)
	// Output: 2 true true <nil>
}

// Relations are read with the query that needs them, in one round trip: nested,
// with conditions, and the first rows of each object.
func ExampleLoad() {
	eng, done := exampleMusic()
	defer done()
	ctx := context.Background()
	if _, err := retort.Run(ctx, eng, retort.TxOptions{}, listen); err != nil {
		fmt.Println(err)
		return
	}
	s := eng.Session()
	defer s.Close(ctx)

	a, c := Albums.C, Songs.C
	albums, err := Albums.With(
		&a.Styles,
		retort.Load(&a.Songs).Where(retort.Gt(&c.Seconds, 200)).OrderBy(retort.Desc(&c.Seconds)).Limit(1).With(&c.Singer),
	).All(ctx, s)
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := json.Marshal(albums[0])
	fmt.Println(string(text), err)
	_, err = albums[0].Cover.Get()
	fmt.Println(errors.Is(err, retort.ErrNotLoaded))
	// Output:
	// {"id":1,"Title":"Wild","songs":[{"id":2,"AlbumID":1,"SingerID":1,"Title":"Lilac","Seconds":270,"singer":{"id":1,"Name":"Nina"}}],"styles":[{"Name":"jazz"}]} <nil>
	// true
}

// What was not asked for at first is read later, for all objects at once.
func ExampleLoadRelated() {
	eng, done := exampleMusic()
	defer done()
	ctx := context.Background()
	s := eng.Session()
	defer s.Close(ctx)
	if _, err := listen(ctx, s); err != nil {
		fmt.Println(err)
		return
	}
	albums, err := Albums.Query().All(ctx, s)
	if err != nil {
		fmt.Println(err)
		return
	}
	err = retort.LoadRelated(ctx, s, albums, &Albums.C.Cover, &Albums.C.Singers)
	cover, _ := albums[0].Cover.Get()
	singers, _ := albums[0].Singers.All()
	fmt.Println(cover.Color, singers[0].Name, err)
	// Output: blue Nina <nil>
}

// What was loaded is handed out; a relation never does I/O by itself.
func ExampleMany_All() {
	eng, done := exampleMusic()
	defer done()
	ctx := context.Background()
	s := eng.Session()
	defer s.Close(ctx)
	show := func(album *Album) error {
		songs, err := album.Songs.All() // retort.ErrNotLoaded, if nobody asked for them
		if err != nil {
			return err
		}
		cover, err := album.Cover.Get() // nil when there is none
		if err == nil {
			fmt.Println(len(songs), cover.Color)
		}
		return err
	}
	if _, err := listen(ctx, s); err != nil {
		fmt.Println(err)
		return
	}
	if err := s.Commit(ctx); err != nil {
		fmt.Println(err)
		return
	}
	for _, q := range []*retort.Query[Album]{Albums.Query(), Albums.With(&Albums.C.Songs, &Albums.C.Cover)} {
		other := eng.Session()
		album, err := q.One(ctx, other)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(errors.Is(show(album), retort.ErrNotLoaded))
		_ = other.Close(ctx)
	}
	// Output:
	// true
	// 2 blue
	// false
}

// The relation is changed; the flush writes what follows from it.
func ExampleMany_Append() {
	eng, done := exampleMusic()
	defer done()
	ctx := context.Background()
	s := eng.Session()
	defer s.Close(ctx)
	a, err := listen(ctx, s)
	if err != nil {
		fmt.Println(err)
		return
	}
	songs, _ := a.Songs.All()
	err = errors.Join(
		a.Songs.Remove(songs[0]), // deleted, by OnRemove(schema.Cascade)
		a.Songs.Append(&Song{Title: "Black", Seconds: 300}),
		a.Styles.Replace(&Style{Name: "soul"}), // two rows of album_styles
		a.Cover.Set(&Cover{Color: "red"}),
		songs[1].Singer.Set(nil),
		s.Commit(ctx),
	)
	fmt.Println(err)
	titles, err := retort.SQL[string]("SELECT title || ' ' || style_name FROM songs JOIN album_styles USING (album_id) ORDER BY 1").All(ctx, s)
	fmt.Println(titles, err)
	// Output:
	// <nil>
	// [Black soul Lilac soul] <nil>
}

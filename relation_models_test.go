package retort_test

import (
	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/schema"
)

// Blog has every kind of relation.
type Blog struct {
	retort.UUIDKey
	Name     string
	Posts    retort.Many[Essay]    `json:"posts,omitzero"`
	Setting  retort.One[Setting]   `json:"setting,omitzero"`
	Open     retort.Many[Essay]    `json:"open,omitzero"` // by title, drafts left out
	Watchers retort.Many[Watching] `json:"watchers,omitzero"`
	Fans     retort.Many[Person]   `json:"fans,omitzero"`
}

// Setting is a blog's own.
type Setting struct {
	retort.BigintKey
	BlogID uuid.UUID
	Color  string
	Blog   retort.One[Blog] `json:"blog,omitzero"`
}

// Essay belongs to a blog, and may have an author.
type Essay struct {
	retort.UUIDKey
	BlogID   uuid.UUID
	AuthorID *int64
	Title    string
	Draft    bool
	Blog     retort.One[Blog]     `json:"blog,omitzero"`
	Author   retort.One[Person]   `json:"author,omitzero"`
	Labels   retort.Many[Label]   `json:"labels,omitzero"`
	Comments retort.Many[Comment] `json:"comments,omitzero"`
}

// Person is numbered by the database, and may have a boss.
type Person struct {
	retort.BigintKey
	Name    string
	BossID  *int64
	Boss    retort.One[Person]  `json:"boss,omitzero"`
	Reports retort.Many[Person] `json:"reports,omitzero"`
	Posts   retort.Many[Essay]  `json:"posts,omitzero"`
	Friends retort.Many[Person] `json:"friends,omitzero"`
}

// Label is tied to posts.
type Label struct {
	Name  string
	Posts retort.Many[Essay] `json:"posts,omitzero"`
}

// Comment cannot be without its post, and the database does not know.
type Comment struct {
	retort.UUIDKey
	PostID uuid.UUID
	Text   string
}

// Watching ties a person to a blog, and has something to say.
type Watching struct {
	retort.UUIDKey
	BlogID   uuid.UUID
	PersonID int64
	Since    int32
	Person   retort.One[Person] `json:"person,omitzero"`
}

func (Blog) Define(d *retort.Definition[Blog]) {
	byBlog := func(p *Essay) *uuid.UUID { return &p.BlogID }
	retort.HasMany(d, &d.C.Posts, essays, byBlog).OrderBy(retort.Asc(&essays.C.Title))
	retort.HasMany(d, &d.C.Open, essays, byBlog).Where(retort.Eq(&essays.C.Draft, false)).OrderBy(retort.Desc(&essays.C.Title))
	retort.HasOne(d, &d.C.Setting, blogSettings, func(s *Setting) *uuid.UUID { return &s.BlogID }).OnRemove(schema.Cascade)
	retort.HasMany(d, &d.C.Watchers, watchings, func(w *Watching) *uuid.UUID { return &w.BlogID }).OnRemove(schema.Cascade)
	retort.ManyThrough(d, &d.C.Fans, people, watchings,
		func(w *Watching) *uuid.UUID { return &w.BlogID }, func(w *Watching) *int64 { return &w.PersonID })
}

func (Setting) Define(d *retort.Definition[Setting]) {
	d.References(&d.C.BlogID, &blogs.C.ID).OnDelete(schema.Cascade)
	d.Unique(&d.C.BlogID)
	retort.BelongsTo(d, &d.C.Blog, blogs, &d.C.BlogID)
}

func (Essay) Define(d *retort.Definition[Essay]) {
	d.References(&d.C.BlogID, &blogs.C.ID).OnDelete(schema.Cascade)
	d.References(&d.C.AuthorID, &people.C.ID)
	retort.BelongsTo(d, &d.C.Blog, blogs, &d.C.BlogID)
	retort.BelongsTo(d, &d.C.Author, people, d.C.AuthorID)
	retort.ManyToMany(d, &d.C.Labels, postLabels)
	retort.HasMany(d, &d.C.Comments, comments, func(c *Comment) *uuid.UUID { return &c.PostID }).OnRemove(schema.Cascade)
}

func (Person) Define(d *retort.Definition[Person]) {
	d.References(&d.C.BossID, &people.C.ID)
	retort.BelongsTo(d, &d.C.Boss, people, &d.C.BossID)
	retort.HasMany(d, &d.C.Reports, people, func(p *Person) *int64 { return p.BossID })
	retort.HasMany(d, &d.C.Posts, essays, func(p *Essay) *int64 { return p.AuthorID })
	retort.ManyToMany(d, &d.C.Friends, friendships)
}

func (Label) Define(d *retort.Definition[Label]) {
	d.PrimaryKey(&d.C.Name)
	retort.ManyToMany(d, &d.C.Posts, postLabels.Reverse())
}

func (Comment) Define(d *retort.Definition[Comment]) {
	d.References(&d.C.PostID, &essays.C.ID)
}

func (Watching) Define(d *retort.Definition[Watching]) {
	d.References(&d.C.BlogID, &blogs.C.ID).OnDelete(schema.Cascade)
	d.References(&d.C.PersonID, &people.C.ID)
	retort.BelongsTo(d, &d.C.Person, people, &d.C.PersonID)
}

var (
	blogs        = retort.NewTable[Blog]("blogs")
	blogSettings = retort.NewTable[Setting]("settings")
	essays       = retort.NewTable[Essay]("posts")
	people       = retort.NewTable[Person]("people")
	tagTable     = retort.NewTable[Label]("labels")
	comments     = retort.NewTable[Comment]("comments")
	watchings    = retort.NewTable[Watching]("watchings")
	postLabels   = retort.NewLinkTable("post_labels", essays, tagTable)
	friendships  = retort.NewLinkTable("friendships", people, people).Columns([]string{"person_id"}, []string{"friend_id"})
	blogging     = retort.NewBase(blogs, blogSettings, essays, people, tagTable, comments, watchings, postLabels, friendships)
)

package guidetest_test

import (
	"github.com/gofrs/uuid/v5"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/schema"
)

type Status string

const (
	Draft     Status = "draft"
	Published Status = "published"
)

type User struct {
	retort.UUIDKey    // id uuid, made by Add
	retort.Timestamps // created_at, updated_at: server_default and onupdate
	Email             string
	Name              *string // Mapped[str | None]
	Posts             retort.Many[Post]
}

func (User) Define(d *retort.Definition[User]) {
	d.Column(&d.C.Email).Type("varchar(320)")
	d.Unique(&d.C.Email)
	retort.HasMany(d, &d.C.Posts, Posts, func(p *Post) *uuid.UUID { return &p.AuthorID }).
		OrderBy(retort.Asc(&Posts.C.Title)).OnRemove(schema.Cascade) // "all, delete-orphan"
}

type Post struct {
	retort.UUIDKey
	retort.Timestamps
	retort.Version // version_id_col
	AuthorID       uuid.UUID
	Title          string
	Status         Status
	Views          int64
	Extra          map[string]any // jsonb
	Author         retort.One[User]
	Tags           retort.Many[Tag]
}

func (Post) Define(d *retort.Definition[Post]) {
	d.References(&d.C.AuthorID, &Users.C.ID).OnDelete(schema.Cascade)
	d.Index(&d.C.AuthorID)
	d.Check("views", "views >= 0")
	retort.BelongsTo(d, &d.C.Author, Users, &d.C.AuthorID)
	retort.ManyToMany(d, &d.C.Tags, PostTags)
}

type Tag struct {
	retort.BigintKey // id bigint, numbered by the database
	Name             string
}

func (Tag) Define(d *retort.Definition[Tag]) { d.Unique(&d.C.Name) }

var (
	Users    = retort.NewTable[User]("users")
	Posts    = retort.NewTable[Post]("posts")
	Tags     = retort.NewTable[Tag]("tags")
	PostTags = retort.NewLinkTable("post_tags", Posts, Tags) // secondary=
	Base     = retort.NewBase(Users, Posts, Tags, PostTags, retort.NewEnum("status", Draft, Published))
)

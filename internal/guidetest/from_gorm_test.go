package guidetest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pgerr"
	"github.com/retort-go/retort/retorttest"
)

type Product struct {
	retort.BigintKey  // ID uint `gorm:"primaryKey"`
	retort.Timestamps // CreatedAt, UpdatedAt
	retort.SoftDelete // DeletedAt gorm.DeletedAt
	Code              string
	Price             int64
	InStock           bool
	Note              *string
	CategoryID        *int64
	Category          retort.One[Category]
}

func (Product) Define(d *retort.Definition[Product]) {
	d.Unique(&d.C.Code).Where("deleted_at IS NULL") // `gorm:"uniqueIndex"`
	d.References(d.C.CategoryID, &Categories.C.ID)
	retort.BelongsTo(d, &d.C.Category, Categories, d.C.CategoryID)
}

type Category struct {
	retort.BigintKey
	Name     string
	Products retort.Many[Product]
}

func (Category) Define(d *retort.Definition[Category]) {
	d.Unique(&d.C.Name)
	retort.HasMany(d, &d.C.Products, Products, func(p *Product) *int64 { return p.CategoryID })
}

var (
	Products   = retort.NewTable[Product]("products")
	Categories = retort.NewTable[Category]("categories")
	Shop       = retort.NewBase(Products, Categories)
)

// newShop is a database with three products in one category.
func newShop(t *testing.T) *retorttest.Kit {
	t.Helper()
	k := retorttest.New(t, Shop)
	c := retorttest.Make(t, k, func(c *Category) { c.Name = "tea" })
	for i, code := range []string{"D41", "D42", "D43"} {
		retorttest.Make(t, k, func(p *Product) {
			p.Code, p.Price, p.InStock, p.CategoryID, p.DeletedAt = code, int64(100*(i+1)), true, &c.ID, nil
		})
	}
	return k
}

func TestGORM_create_and_change(t *testing.T) {
	t.Parallel()
	k := newShop(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)

	p := &Product{Code: "D44", Price: 100, InStock: true}
	s.Add(p)                              // db.Create(&p)
	if err := s.Commit(ctx); err != nil { // one round trip; p.ID and p.CreatedAt are there
		t.Fatal(err)
	}

	if p.ID == 0 || p.CreatedAt.IsZero() {
		t.Errorf("%+v", p)
	}

	p, err := Products.Where(retort.Eq(&Products.C.Code, "D42")).One(ctx, s) // db.First(&p, "code = ?", "D42")
	if err != nil {
		t.Fatal(err)
	}
	p.Price, p.InStock, p.Note = 0, false, nil // zero values are values
	if err := s.Commit(ctx); err != nil {      // UPDATE of price and in_stock: what differs, nothing else
		t.Fatal(err)
	}

	if n := k.QueryInt(t, "SELECT count(*) FROM products WHERE code = 'D42' AND price = 0 AND NOT in_stock"); n != 1 {
		t.Error("zero values were left out")
	}
	k.Exec(t, "UPDATE products SET note = 'of another' WHERE code = 'D42'")
	p.Price = 5
	must(t, s.Commit(ctx))
	if n := k.QueryInt(t, "SELECT count(*) FROM products WHERE note = 'of another' AND price = 5"); n != 1 {
		t.Error("a column that was not changed was written")
	}
	c := Products.C

	n, err := Products.Update(retort.SetExpr(&c.Price, retort.Col(&c.Price).Mul(retort.Val[int64](2))), retort.SetNull(c.Note)).
		Where(retort.Eq(&c.InStock, true)).Exec(ctx, s) // db.Model(&Product{}).Where(…).Updates(map[string]any{…})

	if err != nil || n != 3 {
		t.Errorf("%d, %v", n, err)
	}
	_, err = Products.Update(retort.Set(&c.Price, 0)).Exec(ctx, s)
	if err == nil {
		t.Error("all rows without a word")
	}
}

// cheap is a scope.
func cheap(below int64) retort.Predicate {
	return retort.And(retort.Lt(&Products.C.Price, below), retort.Eq(&Products.C.InStock, true))
}

func TestGORM_find(t *testing.T) {
	t.Parallel()
	k := newShop(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	var in struct{ Code *string }
	c := Products.C

	cheapOnes := Products.Where(cheap(250), retort.Opt(&c.Code, in.Code)) // db.Scopes(Cheap(250)); no condition for a nil
	first, err := cheapOnes.OrderBy(retort.Desc(&c.Price)).First(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	n, err := cheapOnes.Count(ctx, s) // a query is a value: the order above is not in it
	if err != nil {
		t.Fatal(err)
	}

	if first.Code != "D42" || n != 2 {
		t.Errorf("%s, %d", first.Code, n)
	}

	_, err = Products.Get(ctx, s, int64(4711)) // First, Take and Last of GORM; Find is silent
	if !errors.Is(err, retort.ErrNotFound) {
		t.Fatal(err)
	}
	codes, err := retort.Values(Products.Query().ByKey(), retort.Col(&c.Code)).All(ctx, s) // Pluck
	if err != nil {
		t.Fatal(err)
	}

	if len(codes) != 3 || codes[0] != "D41" {
		t.Errorf("%q", codes)
	}
	k.WantTrips(t, 1, func() {
		categories, err := Categories.With(&Categories.C.Products).All(ctx, s) // db.Preload("Products").Find(&categories)
		if err != nil {
			t.Fatal(err)
		}
		products, err := categories[0].Products.All()
		if err != nil || len(products) != 3 {
			t.Errorf("%d products, %v", len(products), err)
		}
	})

	dear, err := Products.Query().
		Join(Categories, retort.EqCol(c.CategoryID, &Categories.C.ID)). // db.Joins("Category")
		Where(retort.Eq(&Categories.C.Name, "tea"), retort.Gt(&c.Price, 200)).
		ForUpdate(retort.SkipLocked()). // Clauses(clause.Locking{…})
		All(ctx, s)

	if err != nil || len(dear) != 1 {
		t.Errorf("%v, %v", dear, err)
	}
}

func TestGORM_transaction(t *testing.T) {
	t.Parallel()
	k := newShop(t)
	ctx, eng := t.Context(), k.Engine

	_, err := retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (*Product, error) { // db.Transaction
		p := &Product{Code: "D44", Price: 1}
		s.Add(p)
		err := s.Savepoint(ctx, func(context.Context) error { // a Transaction within one
			s.Add(&Product{Code: "D42"}) // taken
			return nil
		})
		if pgerr.KindOf(err) == pgerr.Unique { // gorm.ErrDuplicatedKey, without TranslateError
			err = nil
		}
		return p, err
	})

	if n := k.QueryInt(t, "SELECT count(*) FROM products"); err != nil || n != 4 {
		t.Errorf("%d, %v", n, err)
	}

	read, err := retort.Batches(ctx, eng, Products.Query(), retort.BatchOptions{Size: 2}, // FindInBatches
		func(_ context.Context, _ *retort.Session, products []*Product) error {
			for _, p := range products {
				p.Price++
			}
			return nil
		})

	if err != nil || read != 4 {
		t.Errorf("%d, %v", read, err)
	}
}

func TestGORM_soft_delete(t *testing.T) {
	t.Parallel()
	k := newShop(t)
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	c := Products.C
	p, err := Products.Where(retort.Eq(&c.Code, "D42")).One(ctx, s)
	must(t, err)

	s.Delete(p) // db.Delete(&p)
	if err := s.Commit(ctx); err != nil {
		t.Fatal(err)
	}
	living, err := Products.Query().Count(ctx, s)
	if err != nil {
		t.Fatal(err)
	}
	all, err := Products.Query().WithDeleted().Count(ctx, s) // db.Unscoped()
	if err != nil {
		t.Fatal(err)
	}
	marked, err := Products.Delete().Where(retort.IsNotNull(c.DeletedAt)).Permanently().Exec(ctx, s)
	if err != nil || marked != 0 {
		t.Fatalf("Permanently reached %d marked rows, %v", marked, err)
	}

	gone, err := Products.Delete().Where(retort.IsNotNull(c.DeletedAt)).WithDeleted().Permanently().Exec(ctx, s)
	if err != nil {
		t.Fatal(err)
	}

	if living != 2 || all != 3 || gone != 1 {
		t.Errorf("%d of %d, %d gone", living, all, gone)
	}
}

func TestGORM_hooks_and_upserts(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, Shop, func(cfg *retort.Config) {
		cfg.Hooks = []retort.Hooks{{
			BeforeFlush: func(_ context.Context, _ *retort.Session, c *retort.Changes) error { // func (p *Product) BeforeCreate
				for _, p := range Products.Inserted(c) {
					if p.Price < 0 {
						return errors.New("a price below zero")
					}
				}
				return nil
			},
		}}
	})
	ctx := t.Context()
	s := k.Engine.Session()
	defer s.Close(ctx)
	s.Add(&Product{Code: "D40", Price: -1})
	if err := s.Commit(ctx); err == nil {
		t.Fatal("the hook was not asked")
	}
	must(t, s.Rollback(ctx))

	c := Categories.C
	tea, created, err := retort.GetOrCreate(ctx, s, Categories.Insert(&Category{Name: "tea"}).OnConflict(&c.Name)) // FirstOrCreate, without its race
	if err != nil {
		t.Fatal(err)
	}

	if !created || tea.ID == 0 {
		t.Errorf("%+v, created %v", tea, created)
	}

	pc := Products.C
	for _, price := range []int64{100, 200} {
		// Clauses(clause.OnConflict{…}).Create(&p)
		rows, err := Products.Insert(&Product{Code: "D42", Price: price}).
			OnConflict(&pc.Code).Where(retort.IsNull(pc.DeletedAt)).
			DoUpdate(retort.SetExpr(&pc.Price, retort.Excluded(&pc.Price))).
			Rows(ctx, s)

		if err != nil || len(rows) != 1 {
			t.Fatal(err)
		}
	}

	if n := k.QueryInt(t, "SELECT count(*) FROM products"); n != 0 {
		t.Errorf("%d rows before COMMIT", n)
	}
	must(t, s.Commit(ctx))
	if n := k.QueryInt(t, "SELECT price FROM products"); n != 200 {
		t.Errorf("%d", n)
	}
	nothing, err := Categories.Upsert([]*Category{{Name: "tea"}}, &c.Name).Rows(ctx, s)
	if err != nil || len(nothing) != 0 {
		t.Errorf("an upsert that has nothing to set gave %d rows, %v", len(nothing), err)
	}

	must(t, tea.Products.Append(&Product{Code: "D46", Price: -1}))
	if err := s.Commit(ctx); err == nil {
		t.Error("the hook did not see what a relation added")
	}
	must(t, s.Rollback(ctx))
	tea, err = Categories.Where(retort.Eq(&c.Name, "tea")).One(ctx, s)
	must(t, err)

	p := &Product{Code: "D45"}
	err = errors.Join(tea.Products.Append(p), s.Commit(ctx)) // db.Model(&tea).Association("Products").Append(p)

	if err != nil || p.CategoryID == nil || *p.CategoryID != tea.ID {
		t.Errorf("%v, %v", p.CategoryID, err)
	}
}

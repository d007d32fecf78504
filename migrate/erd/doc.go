// Package erd draws the tables of a database and their foreign keys, as a Mermaid
// text that code hosts render and as an SVG that stands alone.
//
//	c, err := catalog.Read(ctx, eng, catalog.Options{})
//	if err != nil {
//		return err
//	}
//	fmt.Print(erd.Mermaid(c))
//	err = os.WriteFile("schema.svg", erd.SVG(c), 0o644)
//
// Both are pure: the same catalog gives the same bytes, so a diff in review is a
// change of the schema. Partitions belong to their table and are left out, views are
// not drawn. It knows package migrate/catalog only.
package erd

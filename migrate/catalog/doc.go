// Package catalog reads what a live database holds, as values.
//
// The one idea: the server describes itself. Types, defaults, constraints,
// indexes, views and functions are kept as PostgreSQL renders them, read in one
// round trip and one snapshot, so that two databases hold the same thing exactly
// when the texts are equal.
//
//	c, err := catalog.Read(ctx, eng, catalog.Options{})
//	if err != nil {
//		return err
//	}
//	for _, t := range c.Tables {
//		fmt.Println(t.Name, len(t.Columns))
//	}
//
// While it reads, search_path holds only the current schema, so what lies there
// is rendered by its plain name and everything else behind its schema's.
//
// It changes nothing, compares nothing and knows no models: that is the work of
// migrate/autogenerate above it. Rows come through [Source], which *retort.Engine
// is. What extensions own, temporary tables and system schemas are left out.
package catalog

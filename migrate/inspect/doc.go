// Package inspect writes Go models from a live database, so that a project can
// begin with the schema that it has.
//
// The one idea: what it writes is proved before it is handed out. The catalog is
// turned into a schema as models would declare it, that is built in a scratch
// database, and whatever the server renders differently is taken back: a table that
// models cannot say in full becomes Unmanaged, an object is left to the database,
// and a comment says why. So the comparison with the database is empty, and a
// second look at it is no surprise.
//
//	result, err := inspect.Models(ctx, eng, inspect.Options{Package: "model"})
//	if err != nil {
//		return err
//	}
//	return os.WriteFile("model/model.go", result.Source, 0o644)
//
// It stands on migrate/catalog, which looks, and migrate/autogenerate, which builds
// and compares. It changes nothing in the database.
package inspect

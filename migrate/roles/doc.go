// Package roles separates who changes the schema from who works with the rows.
//
// The one idea: a service that is broken into can do what its role can. Revisions
// run as an owner role; the service connects as an app role that reads and writes
// rows, owns nothing and creates nothing.
//
//	fmt.Print(roles.Config{Owner: "shop_owner", App: "shop_app"}.Script()) // for psql, as a superuser
//
//	rights, err := roles.Read(ctx, eng)
//	for _, warning := range rights.Warnings() {
//		log.Println(warning)
//	}
//
// [Config.Script] is text to review and run; [Read] is one query. The package runs
// no DDL itself.
package roles

package flight

import "github.com/jackc/pgx/v5/pgconn"

// Field is the description of one result column, under a name that packages
// which do not import pgx can use.
type Field = pgconn.FieldDescription

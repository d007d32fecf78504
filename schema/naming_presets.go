package schema

import (
	"crypto/sha256"
	"encoding/hex"
)

// The presets name constraints and indexes as other tools have named them, so that a
// database that is adopted keeps its names, long ones too. What their users named by
// hand, and what depends on more than table and columns (Rails' checks, GORM's
// foreign keys of has-many relations), is named in the models, by Name.

// PostgreSQLNaming is how the server itself names what nobody named.
//
//   - Source: ChooseConstraintName in PostgreSQL's source.
func PostgreSQLNaming() Naming {
	return Naming{
		PrimaryKey: "{table}_pkey",
		Unique:     "{table}_{columns}_key",
		Index:      "{table}_{columns}_idx",
		Check:      "{table}_{name}_check",
		ForeignKey: "{table}_{columns}_fkey",
		Exclusion:  "{table}_{columns}_excl",
		Cut:        CutPostgreSQL,
	}
}

// SQLAlchemyNaming is SQLAlchemy without a naming_convention: the server names
// constraints, index=True makes ix_ of the table and the first column.
func SQLAlchemyNaming() Naming {
	n := PostgreSQLNaming()
	n.Index, n.Cut = "ix_{table}_{column}", CutSQLAlchemy
	return n
}

// SQLAlchemyConventionNaming is the naming_convention that SQLAlchemy's and Alembic's
// manuals recommend. It differs from [DefaultNaming] where several columns are named.
func SQLAlchemyConventionNaming() Naming {
	return Naming{
		PrimaryKey: "pk_{table}",
		Unique:     "uq_{table}_{column}",
		Index:      "ix_{table}_{column}",
		Check:      "ck_{table}_{name}",
		ForeignKey: "fk_{table}_{column}_{ref}",
		Exclusion:  "{table}_{columns}_excl",
		Cut:        CutSQLAlchemy,
	}
}

// GORMNaming is GORM's NamingStrategy: uni_ for unique, idx_ for an index of one field,
// fk_ with the name of a belongs-to relation, which is taken to be that of its column
// without _id.
func GORMNaming() Naming {
	return Naming{
		PrimaryKey: "{table}_pkey",
		Unique:     "uni_{table}_{columns}",
		Index:      "idx_{table}_{columns}",
		Check:      "chk_{table}_{name}",
		ForeignKey: "fk_{table}_{relation}",
		Exclusion:  "{table}_{columns}_excl",
		Cut:        CutGORM,
	}
}

// RailsNaming is Active Record's: index_ for indexes, unique ones too, and fk_rails_
// with a hash for foreign keys. Checks have the name that the model gives them.
func RailsNaming() Naming {
	return Naming{
		PrimaryKey: "{table}_pkey",
		Unique:     "index_{table}_on_{columns and}",
		Index:      "index_{table}_on_{columns and}",
		Check:      "{name}",
		ForeignKey: "fk_rails_{rails fk}",
		Exclusion:  "{table}_{columns}_excl",
		Cut:        CutRails,
	}
}

// railsHash is what Active Record puts behind fk_rails_.
func railsHash(table, columns string) string {
	sum := sha256.Sum256([]byte(table + "_" + columns + "_fk"))
	return hex.EncodeToString(sum[:])[:10]
}

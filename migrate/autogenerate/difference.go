package autogenerate

import (
	"cmp"
	"slices"
	"strings"

	"github.com/retort-go/retort/migrate/catalog"
)

// Action is what would make the database agree.
type Action string

// The actions.
const (
	Add    Action = "add"
	Drop   Action = "drop"
	Alter  Action = "alter"
	Rename Action = "rename"
)

// Aspect names what of something differs, where it exists on both sides.
type Aspect string

// The aspects.
const (
	Definition  Aspect = "definition" // the whole of it
	DataType    Aspect = "type"       // collation included
	Nullability Aspect = "nullability"
	Default     Aspect = "default"
	Generated   Aspect = "generated"
	Identity    Aspect = "identity"
	Storage     Aspect = "storage"
	Compression Aspect = "compression"
	Comment     Aspect = "comment"
	Persistence Aspect = "persistence"
	RowSecurity Aspect = "row security"
	Replica     Aspect = "replica identity"
	Partitions  Aspect = "partitioning"
	Inheritance Aspect = "inheritance"
	Access      Aspect = "access method"
	Validity    Aspect = "validity"
	Labels      Aspect = "labels"
	Enabled     Aspect = "enabled"
)

// Difference is one point in which a database is not what the models say.
//
//   - Shape: Table is set for parts of tables and views. Name is the model's; From
//     is the database's name of what is renamed. Aspect is set for Alter. Database
//     and Model hold both sides as the server writes them, empty where there is
//     nothing.
type Difference struct {
	Action    Action
	Kind      catalog.Kind
	Namespace string
	Table     string
	Name      string
	From      string
	Aspect    Aspect
	Database  string
	Model     string
}

// String is d on one line, without the namespace "public".
func (d Difference) String() string {
	out := string(d.Action) + " " + string(d.Kind) + " " + d.path("public")
	switch d.Action {
	case Rename:
		return out + " from " + d.From
	case Alter:
		return out + ": " + string(d.Aspect) + ": " + oneLine(d.Database) + " → " + oneLine(d.Model)
	default:
		return out
	}
}

// path is the name of what differs, with its table, and its schema unless that is known.
func (d Difference) path(known string) string {
	out := d.Name
	if d.Table != "" {
		out = d.Table + "." + d.Name
	}
	if d.Namespace != "" && d.Namespace != known {
		out = d.Namespace + "." + out
	}
	return out
}

func oneLine(text string) string {
	if text == "" {
		return "none"
	}
	return strings.Join(strings.Fields(text), " ")
}

// kindOrder is the order in which differences are listed.
var kindOrder = []catalog.Kind{
	catalog.KindNamespace, catalog.KindExtension, catalog.KindType, catalog.KindSequence, catalog.KindFunction, catalog.KindTable,
	catalog.KindColumn, catalog.KindConstraint, catalog.KindIndex, catalog.KindView, catalog.KindTrigger, catalog.KindPolicy,
}

// sortDifferences orders by table, so that a reader finds together what belongs
// together: objects first by kind, parts behind their table.
func sortDifferences(all []Difference) {
	slices.SortStableFunc(all, func(a, b Difference) int {
		return cmp.Or(
			cmp.Compare(slices.Index(kindOrder, head(a)), slices.Index(kindOrder, head(b))),
			cmp.Compare(a.Namespace, b.Namespace),
			cmp.Compare(cmp.Or(a.Table, a.Name), cmp.Or(b.Table, b.Name)),
			cmp.Compare(slices.Index(kindOrder, a.Kind), slices.Index(kindOrder, b.Kind)),
			cmp.Compare(a.Name, b.Name),
		)
	})
}

// head is the kind of the object that d is about or whose part it is about.
func head(d Difference) catalog.Kind {
	if d.Table != "" {
		return catalog.KindTable
	}
	return d.Kind
}

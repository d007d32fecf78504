package retort

import "github.com/retort-go/retort/internal/model"

// Key is the value of a primary key of several columns, one value for each, in
// the order of [Definition.PrimaryKey] and each of its field's Go type.
//
//   - Shape: [Table.Get] takes one and [StaleError] names one. A key of one column
//     is its plain value in both.
type Key = model.Key

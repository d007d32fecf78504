// Package peers says what the entrants of the bench have to do: eight workloads
// over the same tables with the same values, behind one interface.
//
// The one idea: a comparison is worth something only where all give the same
// answer. So the tables are made by one SQL file, the inputs are functions of a
// number, the HTTP server around all Go entrants is one (package serve), and
// [Compare] holds their answers against each other before anything is measured.
//
// Each entrant has a package of its own below this one, written as the users of
// that library write; pyorigin is the stack of the origins in a process of its
// own. Package run starts them, loads them and takes their figures. Above it is
// cmd/bench.
package peers

// Package run starts the entrants of the bench, each in a process of its own on
// a database of its own, loads them and takes their figures.
//
// The one idea: what is compared must differ in nothing but the entrant. Every
// cell (one workload, one entrant, one round) gets a fresh copy of the same
// database on the same server, a fresh process and the same requests.
//
// Above it is cmd/bench; below it are package peers and the test kit's proxy.
package run

// Package streamtest holds rows that are streamed in and out to what is promised
// of them: a million of them need little memory, and a loop that breaks off
// leaves nothing behind.
//
// It holds tests only, and nothing imports it: what a process grows by can be
// told only where no other test runs in it.
package streamtest

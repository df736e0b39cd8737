// Package arch holds the import rules of the services as a test: which
// packages may know of each other, who may read the environment, who may start
// a goroutine. It parses source files; it runs and changes nothing.
//
// rules_test.go is the list to read. A rule that guards no package fails, so
// that a renamed directory does not quietly switch its rule off.
package arch

// Package e2e runs the whole system as its users do: real processes, real
// sockets, real databases and streams. It holds tests only.
package e2e

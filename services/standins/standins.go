// Package standins is one HTTP server of stand-ins for the registers outside,
// for development and tests: Enhetsregisteret, Folkeregisteret, Maskinporten,
// the tax administration's tax cards, and a payment provider. Each speaks the
// public shape of the real one and can be told to be slow, down or wrong.
//
// It is never part of a production process.
package standins

import (
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
)

// Register is one stand-in. Paths begin below its prefix.
type Register interface {
	http.Handler
	// SetMode makes it ok, slow, down or wrong; another mode is an error.
	SetMode(mode string) error
}

// controlLimit is the size of the largest order to a stand-in, in bytes.
const controlLimit = 1 << 10

// Server serves each register below a prefix of its name, and takes
// PUT /control/<name> {"mode": "ok"|"slow"|"down"|"wrong"}.
func Server(registers map[string]Register) http.Handler {
	mux := http.NewServeMux()
	for name, register := range registers {
		mux.Handle("/"+name+"/", http.StripPrefix("/"+name, register))
	}
	mux.HandleFunc("PUT /control/{register}", func(w http.ResponseWriter, r *http.Request) {
		register, ok := registers[r.PathValue("register")]
		if !ok {
			http.Error(w, "there is no such stand-in", http.StatusNotFound)
			return
		}
		var order struct {
			Mode string `json:"mode"`
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, controlLimit))
		if err == nil {
			err = json.Unmarshal(body, &order)
		}
		if err == nil {
			err = register.SetMode(order.Mode)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	names := slices.Sorted(maps.Keys(registers))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"stand_ins": names})
	})
	return mux
}

package main

import (
	"os"
	"testing"
)

func TestProfileVirtual(t *testing.T) {
	stage, cfg, err := virtualStage(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for seed := range uint64(15) {
		cfg.Seed = seed
		cfg.Persons, _ = peopleOf(5, seed, cfg.Begin)
		r, err := stage.Run(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		printVirtual(os.Stderr, r)
	}
}

package ruleset

import "testing"

func BenchmarkEvaluate(b *testing.B) {
	set, err := Load("2026-11-26+visafree.2026-03-06")
	if err != nil {
		b.Fatal(err)
	}
	f, err := set.Facts(nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := set.Evaluate(f, Automatic); err != nil {
			b.Fatal(err)
		}
	}
}

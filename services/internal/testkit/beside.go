package testkit

import (
	"crypto/ed25519"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
)

// BesideVerify measures an operation in turn with a raw Ed25519 verification of 64
// bytes, which both meet the same noise of the machine. It reports the time of the
// operation (ns/op), that of the verification (raw-ns/op) and their ratio (x-raw).
func BesideVerify(operation func() error) func(b *testing.B) {
	return func(b *testing.B) {
		key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
		public, message := key.Public().(ed25519.PublicKey), make([]byte, 64)
		signature := ed25519.Sign(key, message)
		now := clock.System{}.Now
		var own, raw time.Duration
		b.ReportAllocs()
		for b.Loop() {
			begin := now()
			err := operation()
			between := now()
			valid := ed25519.Verify(public, message, signature)
			end := now()
			if err != nil || !valid {
				b.Fatal(err, valid)
			}
			own += between.Sub(begin)
			raw += end.Sub(between)
		}
		b.ReportMetric(float64(own.Nanoseconds())/float64(b.N), "ns/op")
		b.ReportMetric(float64(raw.Nanoseconds())/float64(b.N), "raw-ns/op")
		b.ReportMetric(float64(own)/float64(raw), "x-raw")
	}
}

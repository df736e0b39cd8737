package identifier_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// NAV's validator and ours agree on 20,000 numbers: made ones, made ones with
// a digit changed, and eleven digits at random. It knows the rule from 2032 only.
func TestNAVsValidatorAgrees(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 2032))
	var numbers []string
	for range 400 {
		s := identifier.Series{
			Kind:  []identifier.PersonNumberKind{identifier.BirthNumber, identifier.DNumber}[random.IntN(2)],
			Birth: time.Date(1854+random.IntN(180), time.Month(1+random.IntN(12)), 1+random.IntN(31), 0, 0, 0, 0, time.UTC),
			Rule:  identifier.ControlRule(random.IntN(2)), World: identifier.World(random.IntN(2)),
		}
		left := 13
		for c := range s.Numbers() {
			if left--; left < 0 {
				break
			}
			wrong := []byte(c.Number)
			wrong[random.IntN(11)] = byte('0' + random.IntN(10))
			anything := make([]byte, 11)
			for i := range anything {
				anything[i] = byte('0' + random.IntN(10))
			}
			// A real number of the same day: the offset taken away, so that the
			// control digits fit by chance only.
			real := []byte(c.Number)
			real[2] = byte('0' + random.IntN(2))
			numbers = append(numbers, c.Number, string(wrong), string(anything), string(real))
		}
	}
	numbers = append(numbers, "", "0181902007", "018190200744", "0181902007x",
		// The tax administration's and ID-porten's own.
		"02013299997", "30108299920", "30108299939", "20914695016")
	var answer struct {
		Results []struct {
			Status string `json:"status"`
			Type   string `json:"type"`
		} `json:"results"`
	}
	testkit.Oracle(t, "identifiers.mjs", map[string]any{"numbers": numbers}, &answer)
	if len(answer.Results) != len(numbers) {
		t.Fatalf("%d answers to %d numbers", len(answer.Results), len(numbers))
	}
	valid := 0
	for i, number := range numbers {
		real, realErr := identifier.CheckPersonNumber(number, identifier.Production, identifier.ControlFrom2032)
		synthetic, syntheticErr := identifier.CheckPersonNumber(number, identifier.Synthetic, identifier.ControlFrom2032)
		theirs := answer.Results[i]
		if (theirs.Status == "valid") != (realErr == nil || syntheticErr == nil) {
			t.Errorf("%s: %s there, here %v and %v", number, theirs.Status, realErr, syntheticErr)
			continue
		}
		if theirs.Status != "valid" {
			continue
		}
		valid++
		isD, isSynthetic := strings.Contains(theirs.Type, "dnr"), theirs.Type != "fnr" && theirs.Type != "dnr"
		kind := identifier.BirthNumber
		if isD {
			kind = identifier.DNumber
		}
		if isSynthetic && synthetic != kind || !isSynthetic && real != kind {
			t.Errorf("%s: %s there, here %q and %q", number, theirs.Type, real, synthetic)
		}
	}
	if valid < len(numbers)/5 {
		t.Errorf("only %d of %d numbers are valid: nothing is compared", valid, len(numbers))
	}
}

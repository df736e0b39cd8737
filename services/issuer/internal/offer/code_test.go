package offer

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWordsAreManyAndFarFromEachOther(t *testing.T) {
	if len(words) != 2048 { // 11 bits each: 44 for four
		t.Fatalf("%d words", len(words))
	}
	if !slices.IsSorted(words) {
		t.Error("the list is not in order")
	}
	for _, word := range words {
		if len(word) < 3 || len(word) > 8 || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("%q is no easy word", word)
		}
		for _, near := range neighbours(word) {
			if isAWord[near] && near != word {
				t.Errorf("%s and %s are nearly the same", word, near)
			}
		}
	}
}

// neighbours are a word with one letter left out, changed, or swapped with its
// neighbour. A letter too much is one left out of the other.
func neighbours(word string) (all []string) {
	for i := range word {
		all = append(all, word[:i]+word[i+1:])
		for c := 'a'; c <= 'z'; c++ {
			all = append(all, word[:i]+string(c)+word[i+1:])
		}
		if i+1 < len(word) {
			all = append(all, word[:i]+word[i+1:i+2]+word[i:i+1]+word[i+2:])
		}
	}
	return all
}

func TestFourWordsAreTakenHoweverTheyAreTyped(t *testing.T) {
	code, err := NewCollectionCode(Words, random())
	if err != nil {
		t.Fatal(err)
	}
	four := strings.Split(string(code), "-")
	if len(four) != 4 {
		t.Fatalf("code is %q", code)
	}
	h, err := hashCode(code, random())
	if err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]bool{
		string(code): true, strings.Join(four, " "): true, strings.ToUpper(string(code)): true, "  " + strings.Join(four, ",  ") + ". ": true,
		strings.Join(four, ""): false, strings.Join(four[:3], "-"): false, strings.Join([]string{four[1], four[0], four[2], four[3]}, "-"): four[0] == four[1],
		string(code) + "-" + four[0]: false, "": false, strings.Repeat(" ", 60) + string(code): false,
	} {
		if h.matches(CollectionCode(typed)) != want {
			t.Errorf("%q matches is %v", typed, !want)
		}
	}
}

func TestTheTwoFormsOfACodeAreNeverTakenForEachOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[0-9A-HJKMNP-TV-Z]{8}`).Draw(t, "code")
		cut := rapid.SliceOfN(rapid.IntRange(0, 8), 3, 3).Draw(t, "cut")
		slices.Sort(cut)
		typed := text[:cut[0]] + " " + text[cut[0]:cut[1]] + "-" + text[cut[1]:cut[2]] + " " + text[cut[2]:]
		if got := CollectionCode(typed).canonical(); got != text {
			t.Fatalf("%q is read as %q", typed, got)
		}
	})
}

func TestEveryWordIsDrawnAsOften(t *testing.T) {
	if 1<<16%len(words) != 0 {
		t.Error("some words are likelier than others")
	}
	seen := map[string]bool{}
	source := random()
	for range 8192 {
		code, err := NewCollectionCode(Words, source)
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range strings.Split(string(code), "-") {
			seen[word] = true
		}
	}
	if len(seen) < 2040 { // of 32,768 draws, a word is missed with a chance of 1 in 9 million
		t.Errorf("only %d words were drawn", len(seen))
	}
}

func TestNumberFindsSlipsOfThePen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number, err := NewNumber(rapid.IntRange(2000, 2099).Draw(t, "year"), rapid.IntRange(1, mostNumber).Draw(t, "n"))
		if err != nil {
			t.Fatal(err)
		}
		for _, typed := range []string{string(number), strings.ToLower(string(number)), strings.ReplaceAll(string(number), "-", ""), " " + strings.ReplaceAll(string(number), "-", " ")} {
			if got, ok := ParseNumber(typed); !ok || got != number {
				t.Fatalf("%q is read as %q", typed, got)
			}
		}
		digits := strings.ReplaceAll(string(number), "-", "")
		at := rapid.IntRange(0, 7).Draw(t, "at")
		wrong := string(rune('0' + (int(digits[at]-'0')+rapid.IntRange(1, 9).Draw(t, "by"))%10))
		if got, ok := ParseNumber(digits[:at] + wrong + digits[at+1:]); ok {
			t.Fatalf("%s with another digit is %s", number, got)
		}
		if at < 7 && digits[at] != digits[at+1] {
			if got, ok := ParseNumber(digits[:at] + digits[at+1:at+2] + digits[at:at+1] + digits[at+2:]); ok {
				t.Fatalf("%s with two digits swapped is %s", number, got)
			}
		}
	})
	for _, typed := range []string{"", "26-004217", "26-004217-I", strings.Repeat("2", 9), "2x-004217-K", strings.Repeat(" ", 40)} {
		if got, ok := ParseNumber(typed); ok {
			t.Errorf("%q is read as %s", typed, got)
		}
	}
	for _, n := range []int{0, mostNumber + 1} {
		if _, err := NewNumber(2026, n); err == nil {
			t.Errorf("%d is a number", n)
		}
	}
}

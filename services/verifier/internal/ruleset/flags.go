package ruleset

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Flags for the officer.
const (
	// FlagInvisible: a name holds control, format, filler or unassigned characters.
	FlagInvisible = "name.invisible-character"
	// FlagMixedScripts: one name mixes scripts, as look-alikes do.
	FlagMixedScripts = "name.mixed-scripts"
	// FlagLookAlike: a name holds characters outside the Latin letters that
	// registers print, which may look like others.
	FlagLookAlike = "name.look-alike"
)

func flagsOf(f Facts) []string {
	var flags []string
	both := f.GivenName + " " + f.FamilyName
	if strings.ContainsFunc(both, invisible) {
		flags = append(flags, FlagInvisible)
	}
	if len(scripts(f.GivenName)) > 1 || len(scripts(f.FamilyName)) > 1 {
		flags = append(flags, FlagMixedScripts)
	}
	if strings.ContainsFunc(norm.NFC.String(both), unusual) {
		flags = append(flags, FlagLookAlike)
	}
	return flags
}

func invisible(r rune) bool {
	return r == unicode.ReplacementChar || !unicode.IsGraphic(r) ||
		unicode.In(r, unicode.Cf, unicode.Co, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

func scripts(name string) map[string]bool {
	found := map[string]bool{}
	for _, r := range name {
		if !unicode.IsLetter(r) {
			continue
		}
		for script, table := range unicode.Scripts {
			if unicode.Is(table, r) {
				found[script] = true
				break
			}
		}
	}
	return found
}

// unusual is every character but the Latin letters of Unicode's Latin blocks up
// to Extended-B and Extended Additional, and a name's punctuation.
func unusual(r rune) bool {
	switch {
	case strings.ContainsRune(" -'’.", r):
		return false
	case r == 'ſ' || r >= 0x1c0 && r <= 0x1c3: // long s and click letters look like f, l and !
		return true
	case r <= 0x24f || r >= 0x1e00 && r <= 0x1eff:
		return !unicode.Is(unicode.Latin, r) || !unicode.IsLetter(r)
	}
	return true
}

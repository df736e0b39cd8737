package ruleset

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// Flags for the officer. A rule set lists those that it looks for.
const (
	// FlagInvisible: a name holds control, format, filler or unassigned characters.
	FlagInvisible = "name.invisible-character"
	// FlagMixedScripts: one name mixes scripts, as look-alikes do.
	FlagMixedScripts = "name.mixed-scripts"
	// FlagLookAlike: a name holds characters outside the Latin letters that
	// registers print, which may look like others.
	FlagLookAlike = "name.look-alike"
	// FlagBidirectional: a name has characters that turn the direction of writing.
	FlagBidirectional = "name.bidirectional"
	// FlagDocumentName: the name in a supporting document has such characters.
	FlagDocumentName = "documents.name-characters"
	// FlagEmployer: so has the name of the employer or of who signed.
	FlagEmployer = "employer.name-characters"
	// FlagNameDiffers: a document names somebody else than the offer.
	FlagNameDiffers = "documents.name-differs"
	// FlagNameLooksAlike: and the two names look the same on a screen.
	FlagNameLooksAlike = "documents.name-looks-alike"
	// FlagBirthdateDiffers: a document has another birth date than the offer.
	FlagBirthdateDiffers = "documents.birthdate-differs"
	// FlagNationalityDiffers: a document has a nationality that the offer has not.
	FlagNationalityDiffers = "documents.nationality-differs"
	// FlagLevelDiffers: a recognition's Norwegian level is not its level in EQF.
	FlagLevelDiffers = "documents.level-differs"
	// FlagUnread: a claim that a document must carry was kept back or has another
	// form, or the type is not one that the rules know.
	FlagUnread = "documents.claim-unread"
	// FlagMissing: the facts lack what every offer says.
	FlagMissing = "facts.missing"
)

// flagged are the flags and what raises them.
var flagged = map[string]func(Facts) bool{
	FlagInvisible: func(f Facts) bool { return strings.ContainsFunc(f.GivenName+" "+f.FamilyName, invisible) },
	FlagMixedScripts: func(f Facts) bool {
		return len(scripts(f.GivenName)) > 1 || len(scripts(f.FamilyName)) > 1
	},
	FlagLookAlike: func(f Facts) bool {
		return strings.ContainsFunc(norm.NFC.String(f.GivenName+" "+f.FamilyName), unusual)
	},
	FlagBidirectional: func(f Facts) bool { return bidirectional(f.GivenName + " " + f.FamilyName) },
	FlagDocumentName: anyDocument(func(_ Facts, d Document) bool {
		name := norm.NFC.String(d.GivenName + " " + d.FamilyName)
		return strings.ContainsFunc(name, invisible) || strings.ContainsFunc(name, unusual)
	}),
	FlagEmployer: func(f Facts) bool {
		name := f.EmployerName + " " + f.SignatoryName
		return strings.ContainsFunc(name, invisible) || bidirectional(name)
	},
	FlagNameDiffers: anyDocument(func(f Facts, d Document) bool { return d.named() && !d.sameName(f, folded) }),
	FlagNameLooksAlike: anyDocument(func(f Facts, d Document) bool {
		return d.named() && !d.sameName(f, folded) && d.sameName(f, skeleton)
	}),
	FlagBirthdateDiffers: anyDocument(func(f Facts, d Document) bool { return d.Birthdate != "" && d.Birthdate != f.Birthdate }),
	FlagNationalityDiffers: anyDocument(func(f Facts, d Document) bool {
		return slices.ContainsFunc(d.Nationalities, func(n string) bool { return !slices.Contains(f.Nationalities, n) })
	}),
	FlagLevelDiffers: anyDocument(func(_ Facts, d Document) bool {
		return d.NorwegianLevel != "" && eqfLevels[d.NorwegianLevel] != d.EQFLevel
	}),
	FlagUnread: anyDocument(func(_ Facts, d Document) bool { return len(d.Unread) > 0 }),
	FlagMissing: func(f Facts) bool {
		return len(f.Nationalities) == 0 || slices.Contains(f.Nationalities, "") || slices.Contains([]string{
			f.GivenName, f.FamilyName, f.PassportIssuingCountry, f.Occupation, f.RequiredEducation, f.OrganisationNumber,
		}, "")
	},
}

// flagOrder is the order in which flags are told.
var flagOrder = []string{
	FlagInvisible, FlagMixedScripts, FlagLookAlike, FlagBidirectional, FlagDocumentName, FlagEmployer, FlagNameDiffers, FlagNameLooksAlike,
	FlagBirthdateDiffers, FlagNationalityDiffers, FlagLevelDiffers, FlagUnread, FlagMissing,
}

// eqfLevels are the levels of the Norwegian qualifications framework in EQF.
// Source: Nasjonalt kvalifikasjonsrammeverk for livslang læring (NKR), 2011;
// fagskole is 5.1 or 5.2, both EQF 5.
var eqfLevels = map[string]int64{"VOCATIONAL_UPPER_SECONDARY": 4, "FAGSKOLE": 5, "BACHELOR": 6, "MASTER": 7, "PHD": 8}

func (s *RuleSet) flagsOf(f Facts) []string {
	var flags []string
	for _, flag := range flagOrder {
		if slices.Contains(s.flags, flag) && flagged[flag](f) {
			flags = append(flags, flag)
		}
	}
	return flags
}

func anyDocument(raises func(Facts, Document) bool) func(Facts) bool {
	return func(f Facts) bool {
		return slices.ContainsFunc(f.Documents, func(d Document) bool { return raises(f, d) })
	}
}

func (d Document) named() bool { return d.GivenName != "" && d.FamilyName != "" }

// sameName compares the names as a function sees them.
func (d Document) sameName(f Facts, as func(string) string) bool {
	return as(d.GivenName) == as(f.GivenName) && as(d.FamilyName) == as(f.FamilyName)
}

// folded is a name without regard to how it is composed, to case and to spaces.
// Nothing else is overlooked: whether Aase is Åse, an officer says.
func folded(name string) string {
	return strings.Join(strings.Fields(cases.Fold().String(norm.NFC.String(name))), " ")
}

func invisible(r rune) bool {
	return r == unicode.ReplacementChar || !unicode.IsGraphic(r) ||
		unicode.In(r, unicode.Cf, unicode.Co, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

// bidirectional reports a character that orders others, or writing to the left.
func bidirectional(text string) bool {
	return strings.ContainsFunc(text, func(r rune) bool {
		p, _ := bidi.LookupRune(r)
		switch p.Class() {
		case bidi.R, bidi.AL, bidi.AN, bidi.Control, bidi.LRO, bidi.RLO, bidi.LRE, bidi.RLE, bidi.PDF, bidi.LRI, bidi.RLI, bidi.FSI, bidi.PDI:
			return true
		}
		return r == '\u200e' || r == '\u200f' || r == '\u061c'
	})
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

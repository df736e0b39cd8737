package ruleset

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// skeleton is what a name looks like to a hurried reader: compatibility forms
// undone, marks and what cannot be seen left out, and letters of other scripts,
// digits and strokes read as the Latin letters that they resemble (the idea is of
// Unicode Technical Standard 39, section 4; the table is small and ours). Two
// names with one skeleton may be two people: it only ever tells an officer.
func skeleton(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(name) {
		if invisible(r) || unicode.In(r, unicode.Mn, unicode.Me) {
			continue
		}
		r = unicode.ToLower(r)
		if latin, ok := resembles[r]; ok {
			r = latin
		}
		b.WriteRune(r)
	}
	return strings.Join(strings.Fields(strings.NewReplacer("rn", "m", "vv", "w").Replace(b.String())), " ")
}

// resembles are small letters and digits, and the Latin letter each is taken for.
// Of the tall strokes l is the one that stands for all.
var resembles = func() map[rune]rune {
	table := map[rune]rune{}
	for latin, others := range map[rune]string{
		'a': "аαɑ", 'b': "ьƅв", 'c': "сϲᴄ", 'd': "ԁ", 'e': "еεҽ", 'g': "ɡց", 'h': "һհн", 'j': "јϳ", 'k': "кκ", 'l': "1іӏιıɩ|!iⅼǀ", 'm': "м",
		'n': "пηո", 'o': "0оοσօ", 'p': "рρ", 'q': "ԛ", 'r': "гᴦ", 's': "ѕꜱ5", 't': "тτ", 'u': "υսц", 'v': "νѵ", 'w': "ԝωш", 'x': "хχ", 'y': "уγү", 'z': "ᴢ",
	} {
		for _, other := range others {
			table[other] = latin
		}
	}
	return table
}()

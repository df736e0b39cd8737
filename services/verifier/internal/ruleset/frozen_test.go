package ruleset

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"testing"
)

// frozen are the files that cases were evaluated by. Whoever changes one of them
// changes what was decided: write a new version instead.
var frozen = map[string]string{
	"rulesets/2026-11-22.yaml": "71bff2cd21343a520ab61b1ff4709bb11ca73e3b149c142a879dbaa841faec65",
	"rulesets/2026-11-26.yaml": "c1241bc46ff605ce4d2edc10db5caa6dcf04aa0753a752e7148e22c2869d2b08",
	"visafree/2024-08-04.yaml": "c6d9a965a1f38b7fd4c7c0f2023d4abec2ecb71d9507bd5ba44131e5ee508550",
	"visafree/2026-03-06.yaml": "b98c1f9f8e4ee5449ba2ad20c415facea899f80bbdf975e6de0caefb08decf23",
}

func TestVersionsThatCasesHaveNeverChange(t *testing.T) {
	for _, pattern := range []string{"rulesets/*.yaml", "visafree/*.yaml"} {
		names, err := fs.Glob(files, pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			raw, err := files.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(raw)
			if got := hex.EncodeToString(sum[:]); got != frozen[name] {
				t.Errorf("%s is %s, was %q", name, got, frozen[name])
			}
		}
	}
}

package accreditation

import (
	"bytes"
	_ "embed" // the texts are a data file
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed texts.yaml
var textsYAML []byte

// Texts say one thing in the languages that språklova § 14 demands and in
// English.
type Texts struct {
	NB string `yaml:"nb"`
	NN string `yaml:"nn"`
	EN string `yaml:"en"`
}

var texts = func() map[string]Texts {
	all := map[string]Texts{}
	decoder := yaml.NewDecoder(bytes.NewReader(textsYAML))
	decoder.KnownFields(true)
	if err := decoder.Decode(&all); err != nil {
		panic("texts.yaml is built in and cannot be read: " + err.Error())
	}
	return all
}()

// Text says why, in words.
func (f Finding) Text() Texts {
	fill := func(text string) string {
		for name, value := range f.Values {
			text = strings.ReplaceAll(text, "{"+name+"}", value)
		}
		return text
	}
	t := texts[f.Code]
	return Texts{NB: fill(t.NB), NN: fill(t.NN), EN: fill(t.EN)}
}

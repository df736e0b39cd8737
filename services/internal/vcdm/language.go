package vcdm

import (
	"regexp"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// readTexts reads name and description, which version 2.0 defines (section
// 4.6): a string or a language value object, or a list of those. owner
// names the object in the error.
func readTexts(object strictjson.Value, owner string, version Version) error {
	if version == V1 {
		return nil
	}
	for _, member := range []string{"name", "description"} {
		value := object.Get(member)
		if value.Kind() == strictjson.Array && value.Len() == 0 {
			return invalid(member, "the %s of %s is an empty list", member, owner)
		}
		for item := range value.Items() {
			if err := readText(item, member, owner); err != nil {
				return err
			}
		}
	}
	return nil
}

func readText(value strictjson.Value, member, owner string) error {
	switch value.Kind() {
	case strictjson.String:
		return nil
	case strictjson.Object:
		return readLanguageValue(value, member, owner)
	}
	return invalid(member, "the %s of %s is neither a string nor a language value object", member, owner)
}

// readLanguageValue reads a language value object (section 11.1).
func readLanguageValue(object strictjson.Value, member, owner string) error {
	if object.Get("@value").Kind() != strictjson.String {
		return invalid(member, "the %s of %s has no @value that is a string", member, owner)
	}
	for key, value := range object.Members() {
		text, _ := value.Text()
		switch {
		case key == "@value":
		case key == "@language":
			if !languageTag.MatchString(text) {
				return invalid(member, "the %s of %s has a @language that is no language tag", member, owner)
			}
		case key == "@direction":
			if text != "ltr" && text != "rtl" {
				return invalid(member, "the %s of %s has a @direction that is neither ltr nor rtl", member, owner)
			}
		default:
			return invalid(member, "the %s of %s has more than @value, @language and @direction", member, owner)
		}
	}
	return nil
}

// languageTag is the grammar of well-formed tags (BCP 47: RFC 5646, section
// 2.1): language, script, region, variants, extensions and private use, then
// private use alone, then the irregular tags that were registered before.
var languageTag = regexp.MustCompile(`^(?i:` +
	`(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})` +
	`(?:-[a-z]{4})?(?:-(?:[a-z]{2}|[0-9]{3}))?(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*` +
	`(?:-[0-9a-wy-z](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?` +
	`|x(?:-[a-z0-9]{1,8})+` +
	`|en-gb-oed|i-(?:ami|bnn|default|enochian|hak|klingon|lux|mingo|navajo|pwn|tao|tay|tsu)|sgn-be-fr|sgn-be-nl|sgn-ch-de` +
	`)$`)

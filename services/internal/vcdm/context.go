package vcdm

import (
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// contextUndefinedTerms gives a meaning to every term that nothing else
// defines.
const contextUndefinedTerms = "https://www.w3.org/ns/credentials/undefined-terms/v2"

// maxContexts bounds what is compared with one another.
const maxContexts = 8

// readContexts reads @context (VCDM 2.0, section 4.3): an ordered set that
// begins with the context of the version. That contexts are known, and none of
// them inline, is checked where terms are.
func readContexts(doc strictjson.Value) (Version, error) {
	contexts := doc.Get("@context")
	version, ok := versionOf(contexts)
	if !ok {
		return "", invalid("context", "@context is not a list that begins with %s", ContextV2)
	}
	return version, checkContexts(contexts)
}

func versionOf(contexts strictjson.Value) (Version, bool) {
	switch first := contexts.Index(0); {
	case first.Is(ContextV2):
		return V2, true
	case first.Is(ContextV1):
		return V1, true
	}
	return "", false
}

// checkContexts wants different URLs or objects, those of one version of the
// data model, and the context for undefined terms last (section 5.2.1).
func checkContexts(contexts strictjson.Value) error {
	if contexts.Len() > maxContexts {
		return invalid("context", "@context names more than %d contexts", maxContexts)
	}
	var seen [maxContexts]string
	urls, undefined := seen[:0], false
	for item := range contexts.Items() {
		if undefined {
			return invalid("context", "the context for undefined terms is not the last")
		}
		if item.Kind() == strictjson.Object {
			continue
		}
		url, _ := item.Text()
		switch {
		case !isURL(url):
			return invalid("context", "@context holds something that is neither a URL nor an object")
		case slices.Contains(urls, url):
			return invalid("context", "@context names a context twice")
		}
		urls = append(urls, url)
		undefined = url == contextUndefinedTerms
	}
	if slices.Contains(urls, ContextV1) && slices.Contains(urls, ContextV2) {
		return invalid("context", "@context names two versions of the data model")
	}
	return nil
}

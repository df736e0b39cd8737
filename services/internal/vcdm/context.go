package vcdm

import "slices"

// contextUndefinedTerms gives a meaning to every term that nothing else
// defines.
const contextUndefinedTerms = "https://www.w3.org/ns/credentials/undefined-terms/v2"

// maxContexts bounds what is compared with one another.
const maxContexts = 8

// readContexts reads @context (VCDM 2.0, section 4.3): an ordered set that
// begins with the context of the version. That contexts are known, and none of
// them inline, is checked where terms are.
func readContexts(doc Document) (Version, error) {
	contexts, _ := doc["@context"].([]any)
	version, ok := versionOf(contexts)
	if !ok {
		return "", invalid("context", "@context is not a list that begins with %s", ContextV2)
	}
	return version, checkContexts(contexts)
}

func versionOf(contexts []any) (Version, bool) {
	if len(contexts) > 0 {
		switch contexts[0] {
		case any(ContextV2):
			return V2, true
		case any(ContextV1):
			return V1, true
		}
	}
	return "", false
}

// checkContexts wants different URLs or objects, those of one version of the
// data model, and the context for undefined terms last (section 5.2.1).
func checkContexts(contexts []any) error {
	if len(contexts) > maxContexts {
		return invalid("context", "@context names more than %d contexts", maxContexts)
	}
	for i, item := range contexts {
		if _, isObject := item.(map[string]any); isObject {
			continue
		}
		url, _ := item.(string)
		switch {
		case !isURL(url):
			return invalid("context", "@context holds something that is neither a URL nor an object")
		case slices.Contains(contexts[:i], item):
			return invalid("context", "@context names a context twice")
		case url == ContextV1 && slices.Contains(contexts, any(ContextV2)):
			return invalid("context", "@context names two versions of the data model")
		case url == contextUndefinedTerms && i != len(contexts)-1:
			return invalid("context", "the context for undefined terms is not the last")
		}
	}
	return nil
}

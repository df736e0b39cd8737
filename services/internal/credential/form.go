package credential

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

func invalid(rule, format string, args ...any) error {
	return fault.New(fault.Invalid, "credential."+rule, format, args...)
}

// decode reads a credential or presentation under a size limit.
func decode(data []byte, maxBytes int) (Document, error) {
	return strictjson.DecodeObject(data, strictjson.Limits{Bytes: maxBytes})
}

// readForm reads what VCDM 2.0, section 4, asks of a credential, without
// looking at dates or keys.
func readForm(doc Document) (*Verified, error) {
	v := &Verified{Document: doc}
	if err := checkContexts(doc); err != nil {
		return nil, err
	}
	var err error
	if v.Types, err = readTypes(doc, typeCredential); err != nil {
		return nil, err
	}
	if v.ID, err = optionalURL(doc, "id"); err != nil {
		return nil, err
	}
	if v.Issuer, err = readParty(doc, "issuer"); err != nil {
		return nil, err
	}
	if v.ValidFrom, err = optionalInstant(doc, "validFrom"); err != nil {
		return nil, err
	}
	if v.ValidUntil, err = optionalInstant(doc, "validUntil"); err != nil {
		return nil, err
	}
	subject, ok := doc["credentialSubject"].(map[string]any)
	if !ok {
		return nil, invalid("subject", "credentialSubject is not one object")
	}
	if v.SubjectID, err = optionalURL(subject, "id"); err != nil || v.SubjectID == "" {
		return nil, invalid("subject", "credentialSubject has no id that is a URL")
	}
	v.Claims = make(map[string]any, len(subject))
	for name, value := range subject {
		if name != "id" {
			v.Claims[name] = value
		}
	}
	if v.Status, err = readStatusEntries(doc); err != nil {
		return nil, err
	}
	return v, nil
}

// checkContexts wants the order of VCDM 2.0, section 4.3: credentials/v2
// first. That the others are pinned is checked when the document is
// canonicalised.
func checkContexts(doc Document) error {
	contexts, ok := doc["@context"].([]any)
	if !ok || len(contexts) == 0 || contexts[0] != any(contextV2) {
		return invalid("context", "@context is not a list that begins with %s", contextV2)
	}
	return nil
}

// readTypes reads type, which must name the type wanted.
func readTypes(doc Document, wanted string) ([]string, error) {
	var types []string
	switch value := doc["type"].(type) {
	case string:
		types = []string{value}
	case []any:
		for _, item := range value {
			name, ok := item.(string)
			if !ok || slices.Contains(types, name) {
				return nil, invalid("type", "type is not a list of different names")
			}
			types = append(types, name)
		}
	}
	if !slices.Contains(types, wanted) {
		return nil, invalid("type", "type does not name %s", wanted)
	}
	return types, nil
}

// readParty reads a required member that is a DID, or an object with one.
func readParty(doc Document, name string) (string, error) {
	value := doc[name]
	if object, ok := value.(map[string]any); ok {
		value = object["id"]
	}
	party, _ := value.(string)
	if !strings.HasPrefix(party, "did:") || !isURL(party) || strings.ContainsAny(party, "#?/") {
		return "", invalid(name, "%s is not a DID", name)
	}
	return party, nil
}

func optionalURL(doc Document, name string) (string, error) {
	value, has := doc[name]
	if !has {
		return "", nil
	}
	text, _ := value.(string)
	if !isURL(text) {
		return "", invalid(name, "%s is not a URL", name)
	}
	return text, nil
}

func isURL(s string) bool {
	if s == "" || len(s) > maxIdentifierBytes {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && u.IsAbs()
}

// optionalInstant reads an XML Schema dateTimeStamp (VCDM 2.0, section 4.9):
// a date, a time and a zone, in upper case.
func optionalInstant(doc Document, name string) (time.Time, error) {
	value, has := doc[name]
	if !has {
		return time.Time{}, nil
	}
	text, _ := value.(string)
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || strings.ContainsAny(text, ",tz") || t.IsZero() {
		return time.Time{}, invalid(name, "%s is not a date with time and time zone", name)
	}
	return t, nil
}

// writeInstant is the reverse of optionalInstant, in UTC and whole seconds.
func writeInstant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// checkDates compares the dates of a credential with an instant.
func checkDates(v *Verified, now time.Time) error {
	switch {
	case !v.ValidFrom.IsZero() && !v.ValidUntil.IsZero() && v.ValidUntil.Before(v.ValidFrom):
		return invalid("dates-inverted", "the credential ends before it begins")
	case !v.ValidFrom.IsZero() && now.Before(v.ValidFrom):
		return invalid("not-yet-valid", "the credential is not valid yet")
	case !v.ValidUntil.IsZero() && !now.Before(v.ValidUntil):
		return invalid("expired", "the credential has expired")
	}
	return nil
}

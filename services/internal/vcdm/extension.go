package vcdm

import "github.com/kompetansespor/kompetansespor/services/internal/strictjson"

// extension is a member that holds one or more objects of a kind which other
// specifications define. Of each the data model wants the type, and of some the
// id.
type extension struct {
	member, rule string
	needsID      bool
}

// The extension points of credentials and presentations.
var (
	status         = extension{member: "credentialStatus", rule: "status"}
	schema         = extension{member: "credentialSchema", rule: "schema", needsID: true}
	refreshService = extension{member: "refreshService", rule: "refresh-service"}
	termsOfUse     = extension{member: "termsOfUse", rule: "terms-of-use"}
	evidence       = extension{member: "evidence", rule: "evidence"}
	// The two that version 2.0 reserves (section 5.10).
	confidenceMethod = extension{member: "confidenceMethod", rule: "confidence-method"}
	renderMethod     = extension{member: "renderMethod", rule: "render-method"}
)

// Schema is a schema that the credential says it conforms to.
type Schema struct {
	// ID is the URL of the schema.
	ID string
	// Types has one or more, such as JsonSchema.
	Types []string
}

// extended is one object of an extension point.
type extended struct {
	id     string
	types  []string
	object strictjson.Value
}

// read reads the objects of an extension point in a document.
func (e extension) read(doc strictjson.Value, version Version) ([]extended, error) {
	found, err := objects(doc, e.member, e.rule)
	if err != nil {
		return nil, err
	}
	all := make([]extended, len(found))
	for i, object := range found {
		types, err := readTypes(object, e.rule, e.member)
		if err != nil {
			return nil, err
		}
		if len(types) == 0 {
			return nil, invalid(e.rule, "%s has no type", e.member)
		}
		id, err := optionalURL(object, e.rule, e.member)
		if err != nil {
			return nil, err
		}
		if id == "" && e.wantsID(version) {
			return nil, invalid(e.rule, "%s has no id", e.member)
		}
		all[i] = extended{id, types, object}
	}
	return all, nil
}

// wantsID: version 1.1 wants an id of status (section 4.9) and refresh service
// (section 5.5) as well.
func (e extension) wantsID(version Version) bool {
	return e.needsID || version == V1 && (e == status || e == refreshService)
}

// readExtensions reads the extension points that only others use.
func readExtensions(doc strictjson.Value, version Version, points ...extension) error {
	if version == V2 {
		points = append(points, confidenceMethod, renderMethod)
	}
	for _, point := range points {
		if _, err := point.read(doc, version); err != nil {
			return err
		}
	}
	return nil
}

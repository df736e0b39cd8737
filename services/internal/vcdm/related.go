package vcdm

import (
	"mime"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

// resource is a resource elsewhere whose content a credential fixes.
type resource struct {
	id      string
	digests []digest
}

// matches reports whether the content has every digest that the credential
// states. It is false when a digest is of a kind that is not computed here.
func (r resource) matches(content []byte) bool {
	for _, d := range r.digests {
		if !d.matches(content) {
			return false
		}
	}
	return true
}

// CheckResources compares the resources that the caller makes use of, such as
// contexts and schemas, with the digests that the credential states of them
// (VCDM 2.0, section 5.3): by relatedResource, or by credentialSchema. held
// gives the content of a resource that is in use here, and false for any other.
// It fails with fault.Invalid, also when a digest is of a kind that cannot be
// computed here.
func (c *Credential) CheckResources(held func(id string) (content []byte, ok bool)) error {
	for _, r := range c.resources {
		if content, ok := held(r.id); ok && !r.matches(content) {
			return invalid("digest", "a resource in use is not the one that the credential means")
		}
	}
	return nil
}

// readResources reads relatedResource (VCDM 2.0, section 5.3), and the digests
// that a credentialSchema states of its schema: one or more objects, each with
// an id of its own and a digest.
func readResources(doc strictjson.Value, schemas []extended, version Version) ([]resource, error) {
	if version == V1 {
		return nil, nil
	}
	related, err := objects(doc, "relatedResource", "related-resource")
	if err != nil {
		return nil, err
	}
	var resources []resource
	seen := map[string]bool{}
	for _, object := range related {
		id, err := optionalURL(object, "related-resource", "relatedResource")
		if err != nil {
			return nil, err
		}
		r, err := readResource(id, object, "related-resource", "relatedResource")
		if err != nil {
			return nil, err
		}
		switch {
		case id == "":
			return nil, invalid("related-resource", "relatedResource has no id")
		case seen[id]:
			return nil, invalid("related-resource", "two relatedResource objects have one id")
		case len(r.digests) == 0:
			return nil, invalid("related-resource", "relatedResource has neither digestSRI nor digestMultibase")
		}
		seen[id] = true
		resources = append(resources, r)
	}
	for _, one := range schemas {
		r, err := readResource(one.id, one.object, schema.rule, schema.member)
		if err != nil {
			return nil, err
		}
		resources = append(resources, r)
	}
	return resources, nil
}

// readResource reads what an object says of the resource that its id names.
func readResource(id string, object strictjson.Value, rule, owner string) (resource, error) {
	if value := object.Get("mediaType"); value.Exists() {
		text, _ := value.Text()
		if !isMediaType(text) {
			return resource{}, invalid(rule, "the mediaType of %s is no media type", owner)
		}
	}
	digests, err := readDigests(object, rule, owner)
	return resource{id, digests}, err
}

func isMediaType(s string) bool {
	name, _, err := mime.ParseMediaType(s)
	return err == nil && strings.Contains(name, "/")
}

// Package openapi holds the OpenAPI 2.0 documents of the public APIs, one for
// each service, generated from the same contracts as the code. Each service
// serves its own at /openapi.json.
package openapi

import (
	"embed"
	"fmt"
)

//go:embed *.json
var documents embed.FS

// Document answers the JSON document of a service ("registry", "issuer",
// "wallet", "verifier", "police", "tax" or "bank"). Any other name is an
// error.
func Document(service string) ([]byte, error) {
	document, err := documents.ReadFile(service + ".json")
	if err != nil {
		return nil, fmt.Errorf("open API document of %q: %w", service, err)
	}
	return document, nil
}

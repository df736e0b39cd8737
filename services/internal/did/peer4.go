package did

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/base58"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
)

const peer4Prefix = "did:peer:4"

// Multicodec prefixes: json (0x0200, as a varint), and sha2-256 with the length
// of its digest.
var (
	codecJSON   = []byte{0x80, 0x04}
	codecSHA256 = []byte{0x12, 0x20}
)

// resolvePeer4 makes the document of a did:peer:4 in its long form (Peer DID
// Method 1.0, "Method 4: Short Form and Long Form"). The short form is a hash:
// only whoever has seen the long form knows what it stands for.
func resolvePeer4(did string) (*Document, error) {
	hash, encoded, long := strings.Cut(strings.TrimPrefix(did, peer4Prefix), ":")
	if !long {
		return nil, fault.New(fault.NotFound, "did.peer-short", "the short form of a did:peer:4 carries no document: give the long form")
	}
	sum := sha256.Sum256([]byte(encoded))
	if hash != "z"+base58.Encode(append(bytes.Clone(codecSHA256), sum[:]...)) {
		return nil, badPeer4("its hash is not that of its document")
	}
	text, ok := strings.CutPrefix(encoded, "z")
	if !ok {
		return nil, badPeer4("its document is not base58btc multibase")
	}
	data, err := base58.Decode(text)
	if err != nil {
		return nil, badPeer4("its document is not base58btc")
	}
	input, ok := bytes.CutPrefix(data, codecJSON)
	if !ok {
		return nil, badPeer4("its document is not JSON")
	}
	full, err := contextualize(did, input)
	if err != nil {
		return nil, err
	}
	return ParseFor(did, full)
}

func badPeer4(what string) error {
	return fault.New(fault.Invalid, "did.peer", "not a did:peer:4: %s", what)
}

// contextualize turns the input document into that of the DID: it gets its id,
// and keys without a controller are the DID's own.
func contextualize(did string, input []byte) ([]byte, error) {
	doc, err := strictjson.DecodeObject(input, limits)
	if err != nil {
		return nil, err
	}
	if _, has := doc["id"]; has {
		return nil, badPeer4("its document has an id already")
	}
	doc["id"] = did
	methods, _ := doc["verificationMethod"].([]any) // Parse refuses another form
	for _, p := range purposes {
		embedded, _ := doc[string(p)].([]any)
		methods = append(methods, embedded...)
	}
	owned := 0
	for _, entry := range methods {
		method, ok := entry.(map[string]any)
		if !ok || method["controller"] != nil {
			continue
		}
		if owned++; owned > MaxMethods {
			return nil, badDocument("too many keys")
		}
		method["controller"] = did
	}
	return json.Marshal(doc)
}

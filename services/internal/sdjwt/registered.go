package sdjwt

import (
	"encoding/json"
	"net/url"
	"strconv"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
)

// neverDisclosed are the members that must stand in the payload itself (SD-JWT
// VC section 2.2.2.3, and iat).
var neverDisclosed = map[string]bool{
	"iss": true, "nbf": true, "exp": true, "cnf": true, "vct": true, "vct#integrity": true, "aka_vcts": true,
	"status": true, "iat": true,
}

// lastSecond is the end of the year 9999.
const lastSecond = 253402300799

// readRegistered reads the members that cannot be disclosed from a payload.
func readRegistered(payload map[string]any) (Registered, error) {
	var r Registered
	var err error
	if r.Issuer, err = text(payload, "iss"); err != nil {
		return r, err
	}
	if r.VCT, err = text(payload, "vct"); err != nil {
		return r, err
	}
	if r.VCT == "" {
		return r, invalid("vct", "the credential has no type")
	}
	if r.VCTIntegrity, err = text(payload, "vct#integrity"); err != nil {
		return r, err
	}
	if r.OtherVCTs, err = readOtherVCTs(payload["aka_vcts"]); err != nil {
		return r, err
	}
	if r.IssuedAt, err = instant(payload, "iat", credentialKind); err != nil {
		return r, err
	}
	if r.NotBefore, err = instant(payload, "nbf", credentialKind); err != nil {
		return r, err
	}
	if r.Expires, err = instant(payload, "exp", credentialKind); err != nil {
		return r, err
	}
	if cnf, has := payload["cnf"]; has {
		if r.Holder, err = readHolder(cnf); err != nil {
			return r, err
		}
	}
	if status, has := payload["status"]; has {
		if r.Status, err = readStatus(status); err != nil {
			return r, err
		}
	}
	return r, nil
}

// text is a string member, "" when absent.
func text(payload map[string]any, name string) (string, error) {
	v, has := payload[name]
	s, _ := v.(string)
	if has && (s == "" || len(s) > maxText) {
		return "", invalid("payload", "%s is not a string, is empty or is too long", name)
	}
	return s, nil
}

func readOtherVCTs(v any) ([]string, error) {
	if v == nil {
		return nil, nil
	}
	items, ok := v.([]any)
	if !ok || len(items) > maxOther {
		return nil, invalid("vct", "aka_vcts is not a short array")
	}
	var out []string
	for _, item := range items {
		s, _ := item.(string)
		if s == "" || len(s) > maxText {
			return nil, invalid("vct", "aka_vcts holds something other than types")
		}
		out = append(out, s)
	}
	return out, nil
}

// instant is a NumericDate (RFC 7519 section 2) in whole seconds, zero when
// absent.
func instant(payload map[string]any, name string, k kind) (time.Time, error) {
	v, has := payload[name]
	if !has {
		return time.Time{}, nil
	}
	seconds, ok := integer(v)
	if !ok || seconds < 1 || seconds > lastSecond {
		return time.Time{}, k.invalid("dates", "%s is not a whole number of seconds since 1970", name)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// integer reads a JSON number that is written as an integer.
func integer(v any) (int64, bool) {
	n, _ := v.(json.Number)
	i, err := strconv.ParseInt(string(n), 10, 64)
	return i, err == nil
}

// readHolder reads cnf with a JWK (RFC 7800 section 3.2). Other ways to confirm
// are not known here, and the key must be one that can sign for it.
func readHolder(cnf any) (did.PublicKey, error) {
	confirmation, _ := cnf.(map[string]any)
	members, _ := confirmation["jwk"].(map[string]any)
	if _, has := members["d"]; has {
		return did.PublicKey{}, invalid("holder-key", "cnf gives away a private key")
	}
	var jwk did.JWK
	for name, into := range map[string]*string{"kty": &jwk.Kty, "crv": &jwk.Crv, "x": &jwk.X, "y": &jwk.Y} {
		*into, _ = members[name].(string)
	}
	key, err := jwk.PublicKey()
	if err != nil {
		return did.PublicKey{}, invalid("holder-key", "cnf has no usable jwk")
	}
	if !signs(key.Curve()) {
		return did.PublicKey{}, invalid("holder-key", "the key in cnf is of a kind that does not sign here")
	}
	return key, nil
}

// readStatus reads the one status mechanism that is known here.
func readStatus(v any) (Status, error) {
	status, _ := v.(map[string]any)
	list, _ := status["status_list"].(map[string]any)
	if len(status) != 1 {
		return Status{}, invalid("status", "the status is not in a status_list alone")
	}
	uri, _ := list["uri"].(string)
	index, ok := integer(list["idx"])
	if parsed, err := url.Parse(uri); err != nil || !parsed.IsAbs() || len(uri) > maxText {
		return Status{}, invalid("status", "the status list has no URI")
	}
	if !ok || index < 0 {
		return Status{}, invalid("status", "the index in the status list is not a whole number from 0")
	}
	return Status{Present: true, URI: uri, Index: index}, nil
}

// members is the reverse of readRegistered.
func (r Registered) members() map[string]any {
	jwk := r.Holder.JWK()
	key := map[string]any{"kty": jwk.Kty, "crv": jwk.Crv, "x": jwk.X}
	if jwk.Y != "" {
		key["y"] = jwk.Y
	}
	out := map[string]any{"iss": r.Issuer, "vct": r.VCT, "cnf": map[string]any{"jwk": key}}
	if r.VCTIntegrity != "" {
		out["vct#integrity"] = r.VCTIntegrity
	}
	if len(r.OtherVCTs) > 0 {
		other := []any{}
		for _, vct := range r.OtherVCTs {
			other = append(other, vct)
		}
		out["aka_vcts"] = other
	}
	for name, at := range map[string]time.Time{"iat": r.IssuedAt, "nbf": r.NotBefore, "exp": r.Expires} {
		if !at.IsZero() {
			out[name] = at.Unix()
		}
	}
	if r.Status.Present {
		out["status"] = map[string]any{"status_list": map[string]any{"idx": r.Status.Index, "uri": r.Status.URI}}
	}
	return out
}

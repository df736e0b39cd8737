package sdjwt

import (
	"net/url"
	"strconv"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
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
func readRegistered(payload strictjson.Value) (Registered, error) {
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
	if r.OtherVCTs, err = readOtherVCTs(payload.Get("aka_vcts")); err != nil {
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
	if cnf := payload.Get("cnf"); cnf.Exists() {
		if r.Holder, err = readHolder(cnf); err != nil {
			return r, err
		}
	}
	if status := payload.Get("status"); status.Exists() {
		if r.Status, err = readStatus(status); err != nil {
			return r, err
		}
	}
	return r, nil
}

// text is a string member, "" when absent.
func text(payload strictjson.Value, name string) (string, error) {
	v := payload.Get(name)
	if !v.Exists() {
		return "", nil
	}
	s, _ := v.Text()
	return s, checkText(name, s)
}

func checkText(name, s string) error {
	if s == "" || len(s) > maxText {
		return invalid("payload", "%s is not a string, is empty or is too long", name)
	}
	return nil
}

func readOtherVCTs(v strictjson.Value) ([]string, error) {
	switch {
	case !v.Exists():
		return nil, nil
	case v.Kind() != strictjson.Array || v.Len() > maxOther:
		return nil, invalid("vct", "aka_vcts is not a short array")
	}
	var out []string
	for item := range v.Items() {
		s, _ := item.Text()
		if s == "" || len(s) > maxText {
			return nil, invalid("vct", "aka_vcts holds something other than types")
		}
		out = append(out, s)
	}
	return out, nil
}

// instant is a NumericDate (RFC 7519 section 2) in whole seconds, zero when
// absent.
func instant(payload strictjson.Value, name string, k kind) (time.Time, error) {
	v := payload.Get(name)
	if !v.Exists() {
		return time.Time{}, nil
	}
	seconds, ok := integer(v)
	if !ok || seconds < 1 || seconds > lastSecond {
		return time.Time{}, k.invalid("dates", "%s is not a whole number of seconds since 1970", name)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// integer reads a JSON number that is written as an integer.
func integer(v strictjson.Value) (int64, bool) {
	n, _ := v.Number()
	i, err := strconv.ParseInt(string(n), 10, 64)
	return i, err == nil
}

// readHolder reads cnf with a JWK (RFC 7800 section 3.2). Other ways to confirm
// are not known here, and the key must be one that can sign for it.
func readHolder(cnf strictjson.Value) (did.PublicKey, error) {
	members := cnf.Get("jwk")
	if members.Has("d") {
		return did.PublicKey{}, invalid("holder-key", "cnf gives away a private key")
	}
	var jwk did.JWK
	jwk.Kty, _ = members.Get("kty").Text()
	jwk.Crv, _ = members.Get("crv").Text()
	jwk.X, _ = members.Get("x").Text()
	jwk.Y, _ = members.Get("y").Text()
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
func readStatus(status strictjson.Value) (Status, error) {
	list := status.Get("status_list")
	if list.Kind() != strictjson.Object || status.Len() != 1 {
		return Status{}, invalid("status", "the status is not in a status_list alone")
	}
	uri, _ := list.Get("uri").Text()
	index, ok := integer(list.Get("idx"))
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

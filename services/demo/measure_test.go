package demo

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// The lifetime of a status list is read in every form in which a credential
// names one.
func TestLifetimeOfAStatusList(t *testing.T) {
	lists := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte(map[string]string{
			"/bitstring": `{"credentialSubject":{"ttl":5000}}`, "/jwt": jwt(`{"ttl":7}`), "/none": `{}`, "/text": `nothing`,
		}[r.URL.Path]))
	}))
	defer lists.Close()
	for name, one := range map[string]struct {
		document string
		want     time.Duration
	}{
		"one entry":     {`{"credentialStatus":{"statusListCredential":"` + lists.URL + `/bitstring"}}`, 5 * time.Second},
		"several":       {`{"credentialStatus":[{"statusListCredential":"` + lists.URL + `/bitstring"},{"statusListCredential":"x"}]}`, 5 * time.Second},
		"SD-JWT":        {jwt(`{"status":{"status_list":{"idx":1,"uri":"`+lists.URL+`/jwt"}}}`) + "~disclosure~", 7 * time.Second},
		"no status":     {`{}`, 0},
		"no ttl":        {`{"credentialStatus":{"statusListCredential":"` + lists.URL + `/none"}}`, 0},
		"no list":       {`{"credentialStatus":{"statusListCredential":"` + lists.URL + `/text"}}`, 0},
		"no credential": {`nothing`, 0},
	} {
		got, err := lifetime(t.Context(), lists.Client(), []byte(one.document))
		if got != one.want || (err == nil) != (one.want > 0) {
			t.Errorf("%s: %s, %v", name, got, err)
		}
	}
}

func jwt(payload string) string {
	return "h." + base64.RawURLEncoding.EncodeToString([]byte(payload)) + ".s"
}

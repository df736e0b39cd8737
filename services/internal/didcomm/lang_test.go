package didcomm

import "testing"

func TestLanguageOfAMessageTravels(t *testing.T) {
	m := &Message{ID: "m1", Type: TypeBasicMessage, Body: []byte(`{"content":"Hei"}`), Headers: map[string]string{"lang": "nn"}}
	raw, err := m.Render()
	if err != nil {
		t.Fatal(err)
	}
	read, err := Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	if read.Headers["lang"] != "nn" {
		t.Errorf("headers are %v", read.Headers)
	}
	for _, odd := range []string{`7`, `""`, `"<script>"`, `"nb nn"`, `["nb"]`} {
		read, err := Parse([]byte(`{"id":"m1","type":"a:b","lang":` + odd + `}`))
		if err != nil || read.Headers["lang"] != "" {
			t.Errorf("lang %s gives %v, %v", odd, read.Headers, err)
		}
	}
}

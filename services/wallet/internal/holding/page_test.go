package holding

import (
	"strings"
	"testing"
)

func TestPersonIsSentToPagesOnly(t *testing.T) {
	for text, kept := range map[string]bool{
		"https://udi.kompetansespor.example/pay/1": true, "http://127.0.0.1:7300/payments/1": true, "http://[::1]/p": true,
		"http://udi.kompetansespor.example/pay": false, "http://127.0.0.1.evil.example/": false, "javascript:alert(1)": false,
		"https://someone@udi.example/": false, "/pay": false, "": false, "https://a/" + strings.Repeat("x", 2048): false, "https://%zz": false,
	} {
		if got := PageURL(text); (got == text && text != "") != kept {
			t.Errorf("%.60q is kept as %q", text, got)
		}
	}
}

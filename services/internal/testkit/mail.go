package testkit

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"testing"
)

// ReadMail reads a multipart/alternative message: its header, and its parts by
// media type, decoded.
func ReadMail(t testing.TB, raw []byte) (mail.Header, map[string]string) {
	t.Helper()
	message, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("the mail cannot be read: %v", err)
	}
	kind, params, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("the mail is %s: %v", kind, err)
	}
	parts := map[string]string{}
	for r := multipart.NewReader(message.Body, params["boundary"]); ; {
		part, err := r.NextPart()
		if errors.Is(err, io.EOF) {
			return message.Header, parts
		}
		if err != nil {
			t.Fatalf("the mail cannot be read: %v", err)
		}
		text, err := io.ReadAll(part)
		if err != nil {
			t.Fatalf("the mail cannot be read: %v", err)
		}
		of, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			t.Fatalf("the mail cannot be read: %v", err)
		}
		parts[of] = string(text)
	}
}

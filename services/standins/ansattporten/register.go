package ansattporten

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// registerFile is whom the stand-in knows, keyFile the key that signs its tokens,
// both in its directory.
const (
	registerFile = "register.json"
	keyFile      = "key.pem"
)

// Register is whom the stand-in knows.
type Register struct {
	Clients []Client `json:"clients"`
	People  []Person `json:"people"`
}

// Client is a service that lets people sign in.
type Client struct {
	ID           string   `json:"client_id"`
	Secret       string   `json:"client_secret"`
	RedirectURIs []string `json:"redirect_uris"`
}

// Person is an invented one, to sign in as.
type Person struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Locale string `json:"locale"`
	// About says who it is, for the page on which one chooses.
	About string `json:"about"`
	// Clients are where the person has something to do; others list the person last.
	Clients []string `json:"clients"`
	// Organisations trust the person with every resource.
	Organisations []Organisation `json:"organisations,omitempty"`
}

// Organisation is one of Enhetsregisteret.
type Organisation struct {
	Number string `json:"number"`
	Name   string `json:"name"`
}

// Subject is a person's sub at a client: another one at each, and nothing of the
// person.
func Subject(clientID, personID string) string {
	sum := sha256.Sum256([]byte(clientID + "\x00" + personID))
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}

// Write keeps a register in the stand-in's directory, for when it starts.
func (r Register) Write(dir string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("write register: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, registerFile), text, 0o600)
}

// Load reads the register, empty when there is none, and the key that signs
// tokens, which is made the first time.
func Load(dir string, random io.Reader) (r Register, key *ecdsa.PrivateKey, err error) {
	text, err := os.ReadFile(filepath.Join(dir, registerFile))
	switch {
	case err == nil:
		if err := json.Unmarshal(text, &r); err != nil {
			return r, nil, fmt.Errorf("read register: %w", err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return r, nil, fmt.Errorf("read register: %w", err)
	}
	key, err = keyAt(filepath.Join(dir, keyFile), random)
	return r, key, err
}

func keyAt(file string, random io.Reader) (*ecdsa.PrivateKey, error) {
	text, err := os.ReadFile(file)
	if err == nil {
		block, _ := pem.Decode(text)
		if block == nil {
			return nil, fmt.Errorf("read %s: no PEM", file)
		}
		return x509.ParseECPrivateKey(block.Bytes)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read key: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), random)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	raw, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("write key: %w", err)
	}
	return key, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw}), 0o600)
}

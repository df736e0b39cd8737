package maskinporten

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/maskinporten"
)

// clientsFile is the register of clients, tokenKeyFile the key that signs
// tokens, both in the stand-in's directory.
const (
	clientsFile  = "clients.json"
	tokenKeyFile = "token-key.pem"
	keyBits      = 2048
)

// registered is a client in clients.json.
type registered struct {
	ID                 string            `json:"client_id"`
	OrganisationNumber string            `json:"organisation_number"`
	Scopes             []string          `json:"scopes"`
	Keys               map[string]string `json:"keys"` // public keys in PEM by kid
}

// Enrol registers a client in the stand-in's directory and makes its private
// key, PKCS#8 in PEM, at keyFile, unless the file is there: then its public half
// is registered. The stand-in reads the register when it starts.
func Enrol(dir string, random io.Reader, c Client, keyID, keyFile string) error {
	key, err := keyAt(keyFile, random)
	if err != nil {
		return err
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return fmt.Errorf("write public key: %w", err)
	}
	all, err := readRegister(dir)
	if err != nil {
		return err
	}
	one := registered{
		ID: c.ID, OrganisationNumber: c.OrganisationNumber, Scopes: c.Scopes,
		Keys: map[string]string{keyID: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}))},
	}
	if at := slices.IndexFunc(all, func(r registered) bool { return r.ID == c.ID }); at >= 0 {
		all[at] = one
	} else {
		all = append(all, one)
	}
	text, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("write clients: %w", err)
	}
	return replace(filepath.Join(dir, clientsFile), text)
}

// replace writes a file whole or not at all: the stand-in may read it now.
// Nothing is written when it has the content already.
func replace(file string, content []byte) error {
	if have, err := os.ReadFile(file); err == nil && bytes.Equal(have, content) {
		return nil
	}
	draft := file + ".new"
	if err := os.WriteFile(draft, content, 0o600); err != nil {
		return fmt.Errorf("write clients: %w", err)
	}
	return os.Rename(draft, file)
}

// Load reads what Enrol has registered, and the key that signs tokens, which it
// makes the first time.
func Load(dir string, random io.Reader) ([]Client, crypto.Signer, error) {
	all, err := readRegister(dir)
	if err != nil {
		return nil, nil, err
	}
	var clients []Client
	for _, r := range all {
		c := Client{ID: r.ID, OrganisationNumber: r.OrganisationNumber, Scopes: r.Scopes, Keys: map[string]*rsa.PublicKey{}}
		for kid, text := range r.Keys {
			block, _ := pem.Decode([]byte(text))
			if block == nil {
				return nil, nil, fmt.Errorf("client %s: key %s is no PEM", r.ID, kid)
			}
			parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
			public, isRSA := parsed.(*rsa.PublicKey)
			if err != nil || !isRSA {
				return nil, nil, fmt.Errorf("client %s: key %s is no RSA public key", r.ID, kid)
			}
			c.Keys[kid] = public
		}
		clients = append(clients, c)
	}
	key, err := keyAt(filepath.Join(dir, tokenKeyFile), random)
	return clients, key, err
}

func readRegister(dir string) ([]registered, error) {
	text, err := os.ReadFile(filepath.Join(dir, clientsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read clients: %w", err)
	}
	var all []registered
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("read clients: %w", err)
	}
	return all, nil
}

// keyAt reads an RSA key, or makes one.
func keyAt(file string, random io.Reader) (crypto.Signer, error) {
	text, err := os.ReadFile(file)
	if err == nil {
		return maskinporten.ParseKey(text)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read key: %w", err)
	}
	key, err := rsa.GenerateKey(random, keyBits)
	if err != nil {
		return nil, fmt.Errorf("make key: %w", err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("write key: %w", err)
	}
	return key, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), 0o600)
}

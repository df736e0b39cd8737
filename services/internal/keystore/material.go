package keystore

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/google/tink/go/insecurecleartextkeyset"
	"github.com/google/tink/go/keyset"
	gcmpb "github.com/google/tink/go/proto/aes_gcm_go_proto"
	ed25519pb "github.com/google/tink/go/proto/ed25519_go_proto"
	ecdhpb "github.com/hyperledger/aries-framework-go/component/kmscrypto/crypto/tinkcrypto/primitive/proto/ecdh_aead_go_proto"
	"google.golang.org/protobuf/proto"

	"github.com/kompetansespor/kompetansespor/services/internal/did"
)

// What aries keeps is taken out of its handle once, where a key is opened: it makes a
// primitive for each use, and works out each public key again, which took more time
// than the use itself.

// aries' handles are Tink's.
func material(handle any, into proto.Message) error {
	h, ok := handle.(*keyset.Handle)
	if !ok {
		return fmt.Errorf("open key: the handle is a %T", handle)
	}
	keys := insecurecleartextkeyset.KeysetMaterial(h)
	for _, k := range keys.GetKey() {
		if k.GetKeyId() == keys.GetPrimaryKeyId() {
			return proto.Unmarshal(k.GetKeyData().GetValue(), into)
		}
	}
	return errors.New("open key: the handle has no key")
}

var curves = map[did.Curve]ecdh.Curve{did.X25519: ecdh.X25519(), did.P256: ecdh.P256(), did.P384: ecdh.P384(), did.P521: ecdh.P521()}

// openKey takes the private half of a key out of its handle, where that is of use.
func openKey(kind Kind, public did.PublicKey, handle any) (*key, error) {
	k := &key{kind: kind, public: public, handle: handle}
	switch {
	case kind == Ed25519:
		var private ed25519pb.Ed25519PrivateKey
		if err := material(handle, &private); err != nil {
			return nil, err
		}
		if len(private.GetKeyValue()) != ed25519.SeedSize {
			return nil, errors.New("open key: no seed of Ed25519")
		}
		k.ed25519 = ed25519.NewKeyFromSeed(private.GetKeyValue())
		return k, k.is(did.NewPublicKey(did.Ed25519, k.ed25519.Public().(ed25519.PublicKey)))
	case kinds[kind].signs:
		return k, nil
	}
	var private ecdhpb.EcdhAeadPrivateKey
	if err := material(handle, &private); err != nil {
		return nil, err
	}
	size := coordinateSize(public.Curve())
	if len(private.GetKeyValue()) > size {
		return nil, errors.New("open key: a private key that is too long")
	}
	// aries strips the leading zero bytes of a number.
	scalar := make([]byte, size)
	copy(scalar[size-len(private.GetKeyValue()):], private.GetKeyValue())
	var err error
	if k.ecdh, err = curves[public.Curve()].NewPrivateKey(scalar); err != nil {
		return nil, fmt.Errorf("open key: %w", err)
	}
	return k, k.is(did.FromECDH(k.ecdh.PublicKey()))
}

// is wants the private half to be that of the public one.
func (k *key) is(public did.PublicKey, err error) error {
	if err == nil && public != k.public {
		err = errors.New("open key: the private half is another key's")
	}
	return err
}

// openDataCipher takes the data key out of its handle.
func openDataCipher(handle any) (cipher.AEAD, error) {
	var k gcmpb.AesGcmKey
	if err := material(handle, &k); err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(k.GetKeyValue())
	if err != nil {
		return nil, fmt.Errorf("open data key: %w", err)
	}
	return cipher.NewGCM(block)
}

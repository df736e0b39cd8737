package keystore

import _ "github.com/hyperledger/aries-framework-go/pkg/kms/localkms"

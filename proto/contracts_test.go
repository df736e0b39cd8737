// Package proto_test checks what no lint rule can: promises that hold for
// every public method.
package proto_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	bankv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	verifierv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/proto/gen/openapi"
)

// contracts are the files of each service, public and internal.
var contracts = map[string][]protoreflect.FileDescriptor{
	"registry": {
		registryv1.File_kompetansespor_registry_v1_registry_proto,
		registryv1.File_kompetansespor_registry_v1_directory_proto,
		registryv1.File_kompetansespor_registry_v1_signatory_proto,
	},
	"issuer": {issuerv1.File_kompetansespor_issuer_v1_offer_proto},
	"wallet": {walletv1.File_kompetansespor_wallet_v1_wallet_proto},
	"verifier": {
		verifierv1.File_kompetansespor_verifier_v1_case_proto,
		verifierv1.File_kompetansespor_verifier_v1_view_proto,
		verifierv1.File_kompetansespor_verifier_v1_access_log_proto,
		verifierv1.File_kompetansespor_verifier_v1_verification_proto,
	},
	"police": {
		policev1.File_kompetansespor_police_v1_appointment_proto,
		policev1.File_kompetansespor_police_v1_card_proto,
		policev1.File_kompetansespor_police_v1_earlystart_proto,
		policev1.File_kompetansespor_police_v1_identity_proto,
	},
	"tax": {
		taxv1.File_kompetansespor_tax_v1_registration_proto,
		taxv1.File_kompetansespor_tax_v1_identifier_proto,
	},
	"bank": {bankv1.File_kompetansespor_bank_v1_account_proto},
}

// inURL are the fields that may stand in a path or a query: ids that say
// nothing about a person, states and paging.
var inURL = []string{
	"appointment_id", "batch_id", "case_ref", "credential_id", "exchange_id", "family_id", "municipality", "not_before", "notice_id", "offer_id",
	"brief", "newest_first", "office_id", "oldest_first", "on", "organisation_number", "outcome", "page_size", "page_token", "state",
}

// internal are the methods that only another service may call.
var internal = []string{
	"kompetansespor.police.v1.IdentityService.GetIdentity",
	"kompetansespor.registry.v1.SignatoryService.CheckSignatory",
	"kompetansespor.tax.v1.IdentifierService.GetIdentifier",
	"kompetansespor.verifier.v1.AccessLogService.ListAccess",
	"kompetansespor.verifier.v1.ViewService.GetView",
}

func eachMethod(do func(service string, method protoreflect.MethodDescriptor)) {
	for service, files := range contracts {
		for _, file := range files {
			for i := range file.Services().Len() {
				methods := file.Services().Get(i).Methods()
				for j := range methods.Len() {
					do(service, methods.Get(j))
				}
			}
		}
	}
}

// binding answers how REST reaches a method: the template of its path, and
// whether the request is the body. It is empty for a method without REST.
func binding(method protoreflect.MethodDescriptor) (path string, body bool) {
	rule, ok := proto.GetExtension(method.Options(), annotations.E_Http).(*annotations.HttpRule)
	if !ok || rule == nil {
		return "", false
	}
	return rule.GetGet() + rule.GetPost(), rule.GetBody() != ""
}

var variable = regexp.MustCompile(`{([^}=]+)`)

func TestNothingPersonalStandsInAURL(t *testing.T) {
	eachMethod(func(_ string, method protoreflect.MethodDescriptor) {
		path, body := binding(method)
		for _, found := range variable.FindAllStringSubmatch(path, -1) {
			if !slices.Contains(inURL, found[1]) {
				t.Errorf("%s: %s stands in the path", method.FullName(), found[1])
			}
		}
		if path == "" || body {
			return
		}
		// Without a body every field of the request is a query parameter.
		fields := method.Input().Fields()
		for i := range fields.Len() {
			if name := string(fields.Get(i).Name()); !slices.Contains(inURL, name) {
				t.Errorf("%s: %s stands in the query", method.FullName(), name)
			}
		}
	})
}

func TestEveryMethodIsPublicOrNamedAsInternal(t *testing.T) {
	eachMethod(func(_ string, method protoreflect.MethodDescriptor) {
		path, _ := binding(method)
		if named := slices.Contains(internal, string(method.FullName())); named == (path != "") {
			t.Errorf("%s: has REST path %q; named as internal: %v", method.FullName(), path, named)
		}
	})
}

func TestEveryListHasPages(t *testing.T) {
	eachMethod(func(_ string, method protoreflect.MethodDescriptor) {
		if len(method.Name()) < 4 || method.Name()[:4] != "List" {
			return
		}
		in, out := method.Input().Fields(), method.Output().Fields()
		if in.ByName("page_size") == nil || in.ByName("page_token") == nil || out.ByName("next_page_token") == nil {
			t.Errorf("%s answers everything at once", method.FullName())
		}
	})
}

func TestOpenAPIDocumentsHaveEveryPublicMethod(t *testing.T) {
	operations := map[string]map[string]bool{}
	for service := range contracts {
		document, err := openapi.Document(service)
		if err != nil {
			t.Fatal(err)
		}
		var parsed struct {
			Security []map[string]any
			Paths    map[string]map[string]struct {
				OperationID string
				Responses   map[string]any
			}
		}
		if err := json.Unmarshal(document, &parsed); err != nil {
			t.Fatalf("%s: %v", service, err)
		}
		if len(parsed.Security) == 0 {
			t.Errorf("%s: says nothing of tokens", service)
		}
		operations[service] = map[string]bool{}
		for path, verbs := range parsed.Paths {
			for _, operation := range verbs {
				operations[service][operation.OperationID] = true
				if operation.Responses["default"] == nil {
					t.Errorf("%s: %s does not say how it fails", service, path)
				}
			}
		}
	}
	eachMethod(func(service string, method protoreflect.MethodDescriptor) {
		path, _ := binding(method)
		id := string(method.Parent().Name()) + "_" + string(method.Name())
		if operations[service][id] != (path != "") {
			t.Errorf("%s: in the document: %v; public: %v", method.FullName(), operations[service][id], path != "")
		}
	})
	if _, err := openapi.Document("../openapi"); err == nil {
		t.Error("a document that no service has was answered")
	}
}

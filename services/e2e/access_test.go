package e2e

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/emptypb"

	// Every contract, so that the walk finds every method.
	_ "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/bank/v1"
	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	policev1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/police/v1"
	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	_ "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	_ "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/verifier/v1"
	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/credtype"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
)

// internalServices are the contracts between services. All others are public.
var internalServices = []string{
	"kompetansespor.verifier.v1.ViewService", "kompetansespor.verifier.v1.AccessLogService", "kompetansespor.tax.v1.IdentifierService",
	"kompetansespor.registry.v1.SignatoryService", "kompetansespor.police.v1.IdentityService", "kompetansespor.bank.v1.PayrollService",
}

// forEverybody are the calls that need no token, by method and path: what the
// programme publishes, and what a worker does with a code of the credential.
var forEverybody = map[string]string{
	registryv1.EmployerDirectoryService_ListEmployers_FullMethodName:    "/v1/employers:search",
	registryv1.EmployerDirectoryService_GetEmployer_FullMethodName:      "/v1/employers/{organisation_number}",
	registryv1.EmployerDirectoryService_CheckEligibility_FullMethodName: "/v1/eligibility:check",
	policev1.AppointmentService_RebookOwnAppointment_FullMethodName:     "/v1/appointments/{appointment_id}:rebookOwn",
	policev1.AppointmentService_FindOffices_FullMethodName:              "/v1/offices",
	policev1.AppointmentService_FindFreeSlots_FullMethodName:            "/v1/offices/{office_id}/slots",
}

// methods are the full methods of the contracts of a service, the public or the
// internal ones.
func methods(service string, internal bool) (all []string) {
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "kompetansespor."+service+".") {
			return true
		}
		for i := range file.Services().Len() {
			contract := file.Services().Get(i)
			if slices.Contains(internalServices, string(contract.FullName())) != internal {
				continue
			}
			for j := range contract.Methods().Len() {
				all = append(all, "/"+string(contract.FullName())+"/"+string(contract.Methods().Get(j).Name()))
			}
		}
		return true
	})
	slices.Sort(all)
	return all
}

// Nobody does anything without a token that is meant for it, and everybody
// sees what the contracts call public.
func TestEveryCallNeedsItsToken(t *testing.T) {
	options := twoEmployers()
	for _, name := range devsetup.Services() {
		if name != "issuer" {
			options.Tokens = append(options.Tokens, devsetup.Token{Service: name, Role: "auditor", Subject: "auditor-1"})
		}
	}
	s := newStack(t, options, devsetup.Services()...)
	s.accredit()
	e := newExchangeOn(s)
	for _, name := range devsetup.Services() {
		s.within(t, name, func() { s.walks(name) })
	}
	s.within(t, "the wallet's roles", func() {
		conn, holder := s.dial("wallet"), e.open()
		for _, method := range methods("wallet", false) {
			token := e.app
			if method == walletv1.WalletService_OpenWallet_FullMethodName {
				token = holder
			}
			err := conn.Invoke(as(s.t.Context(), token), method, &emptypb.Empty{}, &emptypb.Empty{})
			s.refused(err, codes.PermissionDenied, "rpc.role")
		}
	})
	s.within(t, "what belongs to others is not there", func() { e.belongs() })
	s.within(t, "what needs no token", func() { e.opensTo() })
	s.within(t, "hostile 55: a valid certificate of the wrong service", func() { s.wrongCertificates() })
}

// walks calls everything of a service without a token and with wrong ones.
func (s *stack) walks(service string) {
	public, conn := methods(service, false), s.dial(service)
	if len(public) == 0 {
		s.fail("%s has no public method", service)
	}
	call := func(method, token string) error {
		ctx := s.t.Context()
		if token != "" {
			ctx = as(ctx, token)
		}
		return conn.Invoke(ctx, method, &emptypb.Empty{}, &emptypb.Empty{})
	}
	for _, method := range public {
		if _, free := forEverybody[method]; free {
			if got := refusalOf(call(method, "")); got.code == codes.Unauthenticated || got.code == codes.PermissionDenied {
				s.fail("%s is for everybody and answers %v", method, got)
			}
			continue
		}
		s.refused(call(method, ""), codes.Unauthenticated, "rpc.token-missing")
		for _, other := range s.layout.Tokens {
			switch {
			case other.Service != service:
				s.refused(call(method, other.Token), codes.Unauthenticated, "rpc.token-unknown")
			case other.Role == "auditor":
				s.refused(call(method, other.Token), codes.PermissionDenied, "rpc.role")
			}
		}
	}
	for _, method := range methods(service, true) {
		if err := call(method, s.tokenOf(service, "auditor-1")); refusalOf(err).code != codes.Unimplemented {
			s.fail("%s answers on the public listener: %v", method, err)
		}
	}
	s.walksREST(service, len(public))
	s.walksTools(service)
}

var pathParameter = regexp.MustCompile(`\{[^}]+\}`)

// walksREST does the same to every path of the service's OpenAPI document.
func (s *stack) walksREST(service string, atLeast int) {
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	a := s.ask(service, http.MethodGet, "/openapi.json", nil, nil)
	if err := json.Unmarshal(a.body, &document); err != nil || a.status != http.StatusOK {
		s.fail("openapi.json: %d, %v", a.status, err)
	}
	calls := 0
	for path, verbs := range document.Paths {
		for verb := range verbs {
			if verb == "parameters" {
				continue
			}
			calls++
			if slices.Contains(slices.Collect(maps.Values(forEverybody)), path) {
				continue
			}
			path = pathParameter.ReplaceAllString(path, "x")
			for token, want := range map[string]int{
				"": http.StatusUnauthorized, "unknown": http.StatusUnauthorized, s.tokenOf(service, "auditor-1"): http.StatusForbidden,
			} {
				header := http.Header{"Content-Type": {"application/json"}}
				if token != "" {
					header.Set("Authorization", "Bearer "+token)
				}
				got := s.ask(service, strings.ToUpper(verb), path, header, strings.NewReader("{}"))
				if got.status != want || !strings.HasPrefix(got.rule, "rpc.") {
					s.fail("%s %s: %d %s, want %d", verb, path, got.status, got.body, want)
				}
			}
		}
	}
	if calls < atLeast {
		s.fail("openapi.json names %d calls of %d", calls, atLeast)
	}
}

// elsewhere is what a call comes to with a token that stands for somebody else:
// it is refused, or its answer holds nothing of the other's.
type elsewhere struct {
	token   string
	request proto.Message
	code    codes.Code
	rule    string
	// Of a call that is answered: the answer to be, unless seen looks at it.
	answer proto.Message
	seen   func(answer proto.Message)
}

// belongs calls every method of the services that have tenants or holders, over
// gRPC and REST, for what is another employer's or another holder's.
func (e *exchange) belongs() {
	wallet, credentialID, offerID := e.holder()
	key := fmt.Sprintf("test-offer-%d", e.n) // under which it was signed
	application := e.applies(wallet, credentialID)
	caseRef := e.ended(wallet, application).GetCaseRef()
	if err := e.grant(caseRef); err != nil {
		e.fail("grant: %v", err)
	}
	e.until("the agencies have read the case", func() bool { return len(e.accesses(wallet)) == 3 })
	used, code := e.issue()
	e.ended(wallet, e.accept(wallet, used.GetInvitationUrl(), code).GetExchangeId())

	second, accepting := e.tokenOf("issuer", secondEmployer), e.open()
	opened := answered(e.stack, func() (*walletv1.OpenWalletResponse, error) {
		return e.wallets.OpenWallet(as(e.t.Context(), e.app), &walletv1.OpenWalletRequest{})
	})
	stranger := opened.GetToken()
	mine := answered(e.stack, func() (*walletv1.GetCredentialResponse, error) {
		return e.wallets.GetCredential(as(e.t.Context(), wallet), &walletv1.GetCredentialRequest{CredentialId: credentialID})
	}).GetCredential().GetDocument()
	table := map[string]elsewhere{
		// The same key and form are not the first employer's offer again.
		issuerv1.OfferService_IssueOffer_FullMethodName: {
			token: second, request: &issuerv1.IssueOfferRequest{Form: lisa(time.Now()), IdempotencyKey: key},
			code: codes.PermissionDenied, rule: "issuer.unknown",
		},
		issuerv1.OfferService_ResendInvitation_FullMethodName: {
			token: second, request: &issuerv1.ResendInvitationRequest{OfferId: offerID}, code: codes.NotFound, rule: "offer.unknown",
		},
		issuerv1.OfferService_GetOffer_FullMethodName: {
			token: second, request: &issuerv1.GetOfferRequest{OfferId: offerID}, code: codes.NotFound, rule: "offer.unknown",
		},
		issuerv1.OfferService_ListOffers_FullMethodName: {
			token: second, request: &issuerv1.ListOffersRequest{}, answer: &issuerv1.ListOffersResponse{},
			seen: func(answer proto.Message) {
				for _, one := range answer.(*issuerv1.ListOffersResponse).GetOffers() {
					if one.GetState() != issuerv1.OfferState_OFFER_STATE_DRAFT { // its own, of just now
						e.fail("another employer sees %s", one.GetOfferId())
					}
				}
			},
		},
		issuerv1.OfferService_WithdrawOffer_FullMethodName: {
			token: second, request: &issuerv1.WithdrawOfferRequest{OfferId: offerID, Reason: "not mine"}, code: codes.NotFound, rule: "offer.unknown",
		},
		issuerv1.OfferService_CreateDraft_FullMethodName: {
			token: second, request: &issuerv1.CreateDraftRequest{IdempotencyKey: "draft-" + key}, answer: &issuerv1.CreateDraftResponse{},
			seen: func(answer proto.Message) {
				if id := answer.(*issuerv1.CreateDraftResponse).GetOffer().GetOfferId(); id == "" || id == offerID {
					e.fail("another employer's draft is %q", id)
				}
			},
		},
		issuerv1.OfferService_ChangeDraft_FullMethodName: {
			token: second, request: &issuerv1.ChangeDraftRequest{OfferId: offerID, Form: lisa(time.Now())}, code: codes.NotFound, rule: "offer.unknown",
		},
		issuerv1.OfferService_DeleteDraft_FullMethodName: {
			token: second, request: &issuerv1.DeleteDraftRequest{OfferId: offerID}, code: codes.NotFound, rule: "offer.unknown",
		},
		issuerv1.OfferService_SignDraft_FullMethodName: {
			token: second, request: &issuerv1.SignDraftRequest{OfferId: offerID}, code: codes.NotFound, rule: "offer.unknown",
		},
		issuerv1.OfferService_ChangeOffer_FullMethodName: {
			token: second, request: &issuerv1.ChangeOfferRequest{OfferId: offerID, Form: lisa(time.Now()), IdempotencyKey: "change-" + key},
			code: codes.NotFound, rule: "offer.unknown",
		},
		issuerv1.OfferService_ImportOffers_FullMethodName: {
			token: second, request: &issuerv1.ImportOffersRequest{IdempotencyKey: "import-" + key}, code: codes.InvalidArgument, rule: "batch.empty",
		},
		issuerv1.OfferService_GetBatch_FullMethodName: {
			token: second, request: &issuerv1.GetBatchRequest{BatchId: "x"}, code: codes.NotFound, rule: "batch.unknown",
		},
		issuerv1.OfferService_GetBatchReport_FullMethodName: {
			token: second, request: &issuerv1.GetBatchReportRequest{BatchId: "x"}, code: codes.NotFound, rule: "batch.unknown",
		},
		issuerv1.OfferService_FetchTaxCard_FullMethodName: {
			token: second, request: &issuerv1.FetchTaxCardRequest{OfferId: offerID}, code: codes.NotFound, rule: "offer.unknown",
		},
		issuerv1.OfferService_GetPayrollAccount_FullMethodName: {
			token: second, request: &issuerv1.GetPayrollAccountRequest{OfferId: offerID}, code: codes.NotFound, rule: "offer.unknown",
		},
		walletv1.WalletService_ConfirmPayment_FullMethodName: {
			token: stranger, request: &walletv1.ConfirmPaymentRequest{ExchangeId: application}, code: codes.NotFound, rule: "exchange.unknown",
		},
		walletv1.WalletService_ConfirmOffer_FullMethodName: {
			token: stranger, request: &walletv1.ConfirmOfferRequest{ExchangeId: application}, code: codes.NotFound, rule: "exchange.unknown",
		},
		walletv1.WalletService_DeclineOffer_FullMethodName: {
			token: stranger, request: &walletv1.DeclineOfferRequest{ExchangeId: application}, code: codes.NotFound, rule: "exchange.unknown",
		},
		walletv1.WalletService_AppealDecision_FullMethodName: {
			token: stranger, request: &walletv1.AppealDecisionRequest{ExchangeId: application, Grounds: "not mine"}, code: codes.NotFound, rule: "exchange.unknown",
		},
		walletv1.WalletService_ImportCredential_FullMethodName: {
			token: stranger, request: &walletv1.ImportCredentialRequest{Document: mine}, code: codes.PermissionDenied, rule: "credential.type-not-imported",
		},
		walletv1.WalletService_ListNotices_FullMethodName: {
			token: stranger, request: &walletv1.ListNoticesRequest{}, answer: &walletv1.ListNoticesResponse{},
		},
		walletv1.WalletService_ReadNotice_FullMethodName: {
			token: stranger, request: &walletv1.ReadNoticeRequest{NoticeId: "x"}, code: codes.NotFound, rule: "notice.unknown",
		},
		walletv1.WalletService_OpenWallet_FullMethodName: {
			token: stranger, request: &walletv1.OpenWalletRequest{}, code: codes.PermissionDenied, rule: "rpc.role",
		},
		walletv1.WalletService_GetWallet_FullMethodName: {
			token: stranger, request: &walletv1.GetWalletRequest{}, answer: &walletv1.GetWalletResponse{HolderId: opened.GetHolderId()},
		},
		walletv1.WalletService_AcceptOffer_FullMethodName: {
			token: accepting, request: &walletv1.AcceptOfferRequest{InvitationUrl: used.GetInvitationUrl(), CollectionCode: code},
			answer: &walletv1.AcceptOfferResponse{}, seen: func(answer proto.Message) {
				e.failed(accepting, answer.(*walletv1.AcceptOfferResponse).GetExchange().GetExchangeId(), "offer.already-collected")
			},
		},
		walletv1.WalletService_ApplyForPermit_FullMethodName: {
			token: stranger, request: &walletv1.ApplyForPermitRequest{CredentialId: credentialID, Consent: consent()},
			code: codes.NotFound, rule: "credential.unknown",
		},
		walletv1.WalletService_GetExchange_FullMethodName: {
			token: stranger, request: &walletv1.GetExchangeRequest{ExchangeId: application}, code: codes.NotFound, rule: "exchange.unknown",
		},
		walletv1.WalletService_ListExchanges_FullMethodName: {
			token: stranger, request: &walletv1.ListExchangesRequest{}, answer: &walletv1.ListExchangesResponse{},
		},
		walletv1.WalletService_GetCredential_FullMethodName: {
			token: stranger, request: &walletv1.GetCredentialRequest{CredentialId: credentialID}, code: codes.NotFound, rule: "credential.unknown",
		},
		walletv1.WalletService_ListCredentials_FullMethodName: {
			token: stranger, request: &walletv1.ListCredentialsRequest{}, answer: &walletv1.ListCredentialsResponse{},
		},
		walletv1.WalletService_ListAccessLog_FullMethodName: {
			token: stranger, request: &walletv1.ListAccessLogRequest{}, answer: &walletv1.ListAccessLogResponse{},
		},
	}
	for _, method := range slices.Concat(methods("issuer", false), methods("wallet", false)) {
		if method == walletv1.WalletService_DeleteWallet_FullMethodName {
			continue // below: nothing more can be asked with the token
		}
		one, named := table[method]
		if !named {
			e.fail("nothing says what %s comes to with another's token", method)
		}
		e.asAnother(call{method, one.token, one.request}, one)
	}
	if e.offer(offerID).GetWithdrawnAt() != nil {
		e.fail("another employer has withdrawn the offer")
	}
	if _, err := e.wallets.DeleteWallet(as(e.t.Context(), stranger), &walletv1.DeleteWalletRequest{}); err != nil {
		e.fail("delete a wallet: %v", err)
	}
	if _, err := e.wallets.GetWallet(as(e.t.Context(), stranger), &walletv1.GetWalletRequest{}); status.Code(err) != codes.Unauthenticated {
		e.fail("the token of a deleted wallet: %v", err)
	}
	if _, err := e.wallets.GetCredential(as(e.t.Context(), wallet), &walletv1.GetCredentialRequest{CredentialId: credentialID}); err != nil {
		e.fail("another's wallet went with it: %v", err)
	}
}

// asAnother makes a call with another's token.
func (e *exchange) asAnother(c call, want elsewhere) {
	e.t.Helper()
	if want.code != codes.OK {
		e.refusedAlike(c, want.code, want.rule)
		return
	}
	look := want.seen
	if look == nil {
		look = func(answer proto.Message) {
			e.t.Helper()
			if !proto.Equal(answer, want.answer) {
				e.fail("%s answers %v", c.method, answer)
			}
		}
	}
	got := want.answer.ProtoReflect().New().Interface()
	if err := e.overGRPC(c, got); err != nil {
		e.fail("%s: %v", c.method, err)
	}
	look(got)
	got = want.answer.ProtoReflect().New().Interface()
	if a := e.overREST(c); a.status != http.StatusOK || protojson.Unmarshal(a.body, got) != nil {
		e.fail("%s over REST: %d %s", c.method, a.status, a.body)
	}
	look(got)
}

// opensTo asks for what everybody may see, and for a little that many servers
// show by mistake.
func (e *exchange) opensTo() {
	offer, _ := e.issue()
	invitation, err := url.Parse(offer.GetInvitationUrl())
	if err != nil {
		e.t.Fatal(err)
	}
	open := map[string][]string{
		"issuer": {
			"/employers/" + devsetup.Employer.OrganisationNumber + "/did.json", "/employers/" + secondEmployer + "/did.json",
			"/status/1", invitation.Path, invitation.Path + "/qr.png",
		},
		"registry": {"/trust-list", "/status/1", pathOf(jsonld.KompetansesporV1)},
	}
	for _, kind := range credtype.All() {
		open["registry"] = append(open["registry"], pathOf(kind.SchemaID()), pathOf(kind.VCT))
	}
	for _, name := range devsetup.Services() {
		paths := append([]string{"/healthz", "/readyz", "/openapi.json"}, open[name]...)
		if name != "wallet" && name != "issuer" {
			paths = append(paths, "/.well-known/did.json")
		}
		for _, path := range paths {
			if a := e.ask(name, http.MethodGet, path, nil, nil); a.status != http.StatusOK || len(a.body) == 0 {
				e.fail("%s%s: %d", name, path, a.status)
			}
		}
		for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/vars", "/.well-known/", "/employers/", "/invitations/", "/config.yaml", "/../../etc/passwd"} {
			if a := e.ask(name, http.MethodGet, path, nil, nil); a.status == http.StatusOK {
				e.fail("%s shows %s", name, path)
			}
		}
		// DIDComm needs an envelope, not a token.
		if a := e.ask(name, http.MethodPost, "/didcomm", nil, nil); a.status != http.StatusUnsupportedMediaType {
			e.fail("%s/didcomm: %d", name, a.status)
		}
		conn := e.dial(name)
		if _, err := grpc_health_v1.NewHealthClient(conn).Check(e.t.Context(), &grpc_health_v1.HealthCheckRequest{}); err != nil {
			e.fail("%s: health: %v", name, err)
		}
		reflected, err := reflectionv1.NewServerReflectionClient(conn).ServerReflectionInfo(e.t.Context())
		if err == nil {
			_, err = reflected.Recv()
		}
		e.refused(err, codes.Unauthenticated, "rpc.token-missing")
	}
}

func pathOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return u.Path
}

// wrongCertificates calls every internal method as every service, as a host of
// the same authority that is no service, and as nobody.
func (s *stack) wrongCertificates() {
	callers := devsetup.Pilot().Callers
	walked := 0
	for _, service := range devsetup.Services() {
		for _, method := range methods(service, true) {
			walked++
			allowed := callers[service][method]
			for _, caller := range devsetup.Services() {
				place := s.layout.Services[caller]
				certificate, err := tls.LoadX509KeyPair(place.CertFile, place.KeyFile)
				if err != nil {
					s.t.Fatal(err)
				}
				got := refusalOf(s.inside(service, method, certificate))
				if denied := got.code == codes.PermissionDenied && got.rule == "rpc.caller"; denied == slices.Contains(allowed, caller) {
					s.fail("%s as %s: %s %s", method, caller, got.code, got.rule)
				}
			}
			s.refused(s.inside(service, method, s.certify("rogue."+devsetup.Domain)), codes.PermissionDenied, "rpc.caller")
			if err := s.inside(service, method); refusalOf(err).code != codes.Unavailable {
				s.fail("%s as nobody: %v", method, err)
			}
		}
	}
	named := 0
	for _, methods := range callers {
		named += len(methods)
	}
	if walked != named {
		s.fail("%d internal methods, %d are configured", walked, named)
	}
}

// inside calls a method of an internal listener with a certificate.
func (s *stack) inside(service, method string, certificate ...tls.Certificate) error {
	s.t.Helper()
	place := s.layout.Services[service]
	conn, err := grpc.NewClient("passthrough:///"+place.InternalAddr, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
		RootCAs: s.authorities, ServerName: place.InternalName, Certificates: certificate, MinVersion: tls.VersionTLS13,
	})))
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return conn.Invoke(s.t.Context(), method, &emptypb.Empty{}, &emptypb.Empty{})
}

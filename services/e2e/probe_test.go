package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	_ "modernc.org/sqlite" // to read databases

	issuerv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/issuer/v1"
	registryv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/registry/v1"
	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
)

// within runs a subtest of a stack that outlives it.
func (s *stack) within(t *testing.T, name string, test func()) {
	t.Run(name, func(t *testing.T) {
		outer := s.t
		s.t = t
		defer func() { s.t = outer }()
		test()
	})
}

// count reads one number from a service's database, while the service runs.
func (s *stack) count(service, query string, args ...any) (n int) {
	s.t.Helper()
	db := s.open(service)
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(s.t.Context(), query, args...).Scan(&n); err != nil {
		s.fail("%s: %s: %v", service, query, err)
	}
	return n
}

// text reads one value of a service's database.
func (s *stack) text(service, query string, args ...any) (value string) {
	s.t.Helper()
	db := s.open(service)
	defer func() { _ = db.Close() }()
	if err := db.QueryRowContext(s.t.Context(), query, args...).Scan(&value); err != nil {
		s.fail("%s: %s: %v", service, query, err)
	}
	return value
}

// open opens a service's database to be read.
func (s *stack) open(service string) *sql.DB {
	s.t.Helper()
	path := filepath.Join(s.layout.Services[service].DataDir, service+".db")
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		s.t.Fatal(err)
	}
	return db
}

// sizes counts the rows of tables.
func (s *stack) sizes(service string, tables ...string) map[string]int {
	s.t.Helper()
	all := map[string]int{}
	for _, table := range tables {
		all[table] = s.count(service, "SELECT COUNT(*) FROM "+table)
	}
	return all
}

// untouched fails when doing it leaves rows behind in any of the tables. Mail
// leaves by itself, and its row with it: what waits from before goes first.
func (s *stack) untouched(service string, tables []string, do func()) {
	s.t.Helper()
	if slices.Contains(tables, "mail_outbox") {
		s.until("no mail waits", func() bool { return s.count(service, "SELECT COUNT(*) FROM mail_outbox") == 0 })
	}
	before := s.sizes(service, tables...)
	do()
	if after := s.sizes(service, tables...); !maps.Equal(before, after) {
		s.fail("half done: rows were %v and are %v", before, after)
	}
}

// refusal is an error as a caller sees it.
type refusal struct {
	code       codes.Code
	rule       string
	violations []string // "field rule", sorted
}

// refusalOf reads the details of a status.
func refusalOf(err error) refusal {
	st := status.Convert(err)
	r := refusal{code: st.Code()}
	for _, detail := range st.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			if d.GetDomain() == "kompetansespor.no" {
				r.rule = d.GetReason()
			}
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				r.violations = append(r.violations, v.GetField()+" "+v.GetReason())
			}
		}
	}
	slices.Sort(r.violations)
	return r
}

// refused fails unless err is a status of the code that names the rule.
func (s *stack) refused(err error, code codes.Code, rule string) {
	s.t.Helper()
	if got := refusalOf(err); got.code != code || got.rule != rule {
		s.fail("got %s with rule %q (%v), want %s with %q", got.code, got.rule, err, code, rule)
	}
}

// answer is what came back over HTTP.
type answer struct {
	status int
	header http.Header
	body   []byte
	rule   string // of a problem document
}

// violations are "field rule" of a problem document, sorted.
func (a answer) violations() []string {
	var document struct {
		Violations []struct{ Field, Rule string }
	}
	_ = json.Unmarshal(a.body, &document)
	var all []string
	for _, v := range document.Violations {
		all = append(all, v.Field+" "+v.Rule)
	}
	slices.Sort(all)
	return all
}

// ask makes an HTTP request of a service's public listener.
func (s *stack) ask(service, verb, path string, header http.Header, body io.Reader) answer {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), verb, s.layout.Services[service].BaseURL+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	s.asked = append(s.asked, request.URL.String())
	s.mu.Unlock()
	maps.Copy(request.Header, header)
	response, err := s.http.Do(request)
	if err != nil {
		s.fail("%s %s: %v", verb, path, err)
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		s.fail("%s %s: %v", verb, path, err)
	}
	a := answer{status: response.StatusCode, header: response.Header, body: content}
	if response.Header.Get("Content-Type") == "application/problem+json" {
		var document struct {
			Rule   string
			Status int
		}
		if err := json.Unmarshal(content, &document); err != nil || document.Status != a.status {
			s.fail("%s %s: a problem document of status %d in an answer of %d (%v)", verb, path, document.Status, a.status, err)
		}
		a.rule = document.Rule
	}
	return a
}

// rest posts JSON as whoever a token stands for.
func (s *stack) rest(service, path, token string, body []byte) answer {
	s.t.Helper()
	header := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + token}}
	return s.ask(service, http.MethodPost, path, header, bytes.NewReader(body))
}

// alive fails when a service has ended.
func (s *stack) alive(service string) {
	s.t.Helper()
	select {
	case <-s.process(service).ended:
		s.fail("%s has ended: %v", service, s.process(service).failed)
	default:
	}
	if a := s.ask(service, http.MethodGet, "/healthz", nil, nil); a.status != http.StatusOK {
		s.fail("%s is not well: %d", service, a.status)
	}
}

// logged says whether a service's log has a line with all of the words.
func (s *stack) logged(service string, words ...string) bool {
	s.t.Helper()
	content, err := os.ReadFile(s.logFile(service))
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		if !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(line, word) }) {
			return true
		}
	}
	return false
}

// The other employers: one that issues here too, and one with a host of its
// own. Both organisation numbers are synthetic.
const (
	secondEmployer = "310000035"
	rogueEmployer  = "310000043"
)

// twoEmployers is the pilot with a second employer, and a token at the issuer
// whose role may do nothing there.
func twoEmployers() devsetup.Options {
	options := devsetup.Pilot()
	options.Tokens = append(options.Tokens,
		devsetup.Token{Service: "issuer", Role: "employer", Subject: secondEmployer},
		devsetup.Token{Service: "issuer", Role: "auditor", Subject: "auditor-1"})
	issuer := maps.Clone(options.Extra["issuer"])
	tenants, _ := issuer["tenants"].([]map[string]any)
	issuer["tenants"] = append(slices.Clone(tenants), map[string]any{
		"organisation_number": secondEmployer, "legal_name": "Second Employer", "contact_email": "hr@second.example.com",
	})
	options.Extra["issuer"] = issuer
	return options
}

// tokenOf finds the token that stands for a subject.
func (s *stack) tokenOf(service, subject string) string {
	s.t.Helper()
	for _, token := range s.layout.Tokens {
		if token.Service == service && token.Subject == subject {
			return token.Token
		}
	}
	s.t.Fatalf("no token for %s at %s", subject, service)
	return ""
}

// accreditAs makes an organisation an accredited employer under a DID.
func (s *stack) accreditAs(organisation, legalName, did string) {
	s.t.Helper()
	registry := registryv1.NewRegistryServiceClient(s.dial("registry"))
	_, err := registry.AccreditEmployer(as(s.t.Context(), s.token("registry", "programme")), &registryv1.AccreditEmployerRequest{
		OrganisationNumber: organisation, LegalName: legalName, Did: did,
		Criteria: []string{"EMP-1", "EMP-2", "EMP-3", "EMP-4", "EMP-5", "EMP-6", "EMP-7", "EMP-8"}, Municipality: "0301",
		Signatories: signatories(),
	})
	if err != nil {
		s.fail("accredit %s: %v", organisation, err)
	}
}

// revoke ends an employer's accreditation.
func (s *stack) revoke(organisation string) {
	s.t.Helper()
	registry := registryv1.NewRegistryServiceClient(s.dial("registry"))
	_, err := registry.RevokeAccreditation(as(s.t.Context(), s.token("registry", "programme")), &registryv1.RevokeAccreditationRequest{
		OrganisationNumber: organisation, Reason: "the criteria are no longer met",
	})
	if err != nil {
		s.fail("revoke %s: %v", organisation, err)
	}
}

// failed waits until an exchange has been refused by the rule, and says so over
// gRPC and REST.
func (e *exchange) failed(wallet, id, rule string) {
	e.t.Helper()
	done := e.ended(wallet, id)
	if done.GetProblem().GetRule() != rule || done.GetProblem().GetMessage() == "" {
		e.fail("exchange is %s with problem %v, want %s", done.GetState(), done.GetProblem(), rule)
	}
	var got walletv1.GetExchangeResponse
	a := e.overREST(call{walletv1.WalletService_GetExchange_FullMethodName, wallet, &walletv1.GetExchangeRequest{ExchangeId: id}})
	if err := protojson.Unmarshal(a.body, &got); err != nil || !proto.Equal(got.GetExchange(), done) {
		e.fail("exchange over REST: %d %s, want %v", a.status, a.body, done)
	}
}

// withdraw takes an offer back as the pilot's employer.
func (e *exchange) withdraw(id string) {
	e.t.Helper()
	answered(e.stack, func() (*issuerv1.WithdrawOfferResponse, error) {
		return e.offers.WithdrawOffer(as(e.t.Context(), e.employer), &issuerv1.WithdrawOfferRequest{OfferId: id, Reason: "the position is gone"})
	})
}

// key makes an idempotency key that nobody has used.
func (e *exchange) key() string {
	e.n++
	return fmt.Sprintf("bad-input-%d", e.n)
}

// sign signs a form as an employer.
func (e *exchange) sign(ctx context.Context, form *issuerv1.OfferForm, key string) (*issuerv1.IssueOfferResponse, error) {
	return e.offers.IssueOffer(ctx, &issuerv1.IssueOfferRequest{Form: form, IdempotencyKey: key})
}

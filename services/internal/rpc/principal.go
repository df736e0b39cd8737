package rpc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Role says what a principal is to the service: employer, holder, officer,
// clerk, programme. Each service names its own.
type Role string

// AnyRole in a Policy lets every principal with a valid token in.
const AnyRole Role = "*"

// Principal is who calls a public method. Subject is the tenant, holder or
// officer that the token stands for, in the service's own terms; Office is where
// an officer works, empty when that binds nothing; TokenHash is the hexadecimal
// SHA-256 of the token, or of a session's id, fit for an audit row.
type Principal struct {
	Role      Role
	Subject   string
	Office    string
	TokenHash string
}

// Authenticator turns a bearer token into a Principal. It returns a fault of
// kind Denied for a token it does not know. It may be called from many
// goroutines.
type Authenticator interface {
	Authenticate(ctx context.Context, token string) (Principal, error)
}

// Policy is who may call which method of the public listener. A method that
// it does not name may be called by nobody. Health is open to all; reflection
// needs a token of any role.
type Policy struct {
	// Public lists full methods that need no token. A token that is sent
	// along must still be valid, and then its Principal is in the context.
	Public []string
	// Roles maps a full method to the roles that may call it.
	Roles map[string][]Role
	// Routes maps a pattern of PublicConfig.Routes to the roles that may call
	// it. A route that is not named here is open to all.
	Routes map[string][]Role
}

func (p Policy) names(method string) bool {
	return slices.Contains(p.Public, method) || len(p.Roles[method]) > 0
}

type principalKey struct{}

// WithPrincipal returns a context of a call by p. For handlers that sign
// people in by other means, and for tests.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// PrincipalFrom is who calls, and whether anybody showed a token at all.
func PrincipalFrom(ctx context.Context) (Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(Principal)
	return p, ok
}

// AuthenticateRequest finds the Principal of a plain HTTP request by its
// Authorization header, for handlers beside gRPC.
func AuthenticateRequest(r *http.Request, a Authenticator) (Principal, error) {
	token, err := bearer(r.Header.Values("Authorization"))
	if err != nil {
		return Principal{}, err
	}
	return a.Authenticate(r.Context(), token)
}

// bearer reads the token of an Authorization header, RFC 6750 section 2.1.
func bearer(values []string) (string, error) {
	if len(values) == 0 {
		return "", fault.New(fault.Denied, ruleTokenMissing, "send a token: Authorization: Bearer ...")
	}
	scheme, token, found := strings.Cut(values[0], " ")
	if len(values) != 1 || !found || !strings.EqualFold(scheme, "bearer") || token == "" || len(token) > 512 {
		return "", fault.New(fault.Denied, ruleTokenUnknown, "send one token: Authorization: Bearer ...")
	}
	return token, nil
}

// authorize finds the Principal and asks the policy.
func authorize(ctx context.Context, a Authenticator, p Policy, method string) (context.Context, error) {
	open := strings.HasPrefix(method, healthPrefix) || slices.Contains(p.Public, method)
	md, _ := metadata.FromIncomingContext(ctx)
	token, err := bearer(md.Get("authorization"))
	if err != nil {
		if open && fault.RuleOf(err) == ruleTokenMissing {
			return ctx, nil
		}
		return ctx, err
	}
	who, err := a.Authenticate(ctx, token)
	if err != nil {
		return ctx, err
	}
	ctx = WithPrincipal(ctx, who)
	roles := p.Roles[method]
	if strings.HasPrefix(method, reflectionPrefix) {
		roles = []Role{AnyRole}
	}
	if open || slices.Contains(roles, who.Role) || slices.Contains(roles, AnyRole) {
		return ctx, nil
	}
	return ctx, fault.New(fault.Denied, ruleRole, "this token may not call this method")
}

// signedIn is the gate of a service's own pages: the caller is whom the context
// names, and may do what a token of the role may.
func signedIn(p Policy) gate {
	return func(ctx context.Context, method string) (context.Context, error) {
		who, known := PrincipalFrom(ctx)
		switch roles := p.Roles[method]; {
		case slices.Contains(p.Public, method):
			return ctx, nil
		case !known:
			return ctx, fault.New(fault.Denied, ruleTokenMissing, "sign in")
		case slices.Contains(roles, who.Role) || slices.Contains(roles, AnyRole):
			return ctx, nil
		}
		return ctx, fault.New(fault.Denied, ruleRole, "you may not do this")
	}
}

// authorizing is the public listener's gate.
func authorizing(a Authenticator, p Policy) gate {
	return func(ctx context.Context, method string) (context.Context, error) {
		return authorize(ctx, a, p, method)
	}
}

// unnamed lists the registered methods that the policy leaves to nobody.
func (p Policy) unnamed(s *grpc.Server) []string {
	var left []string
	for _, method := range methodsOf(s) {
		if !p.names(method) && !strings.HasPrefix(method, healthPrefix) && !strings.HasPrefix(method, reflectionPrefix) {
			left = append(left, method)
		}
	}
	return left
}

// Tokens is an Authenticator by a file: a YAML list of {sha256, role,
// subject, office}, office being optional. The file is read again when it changes.
type Tokens struct {
	file *reloaded[map[string]Principal]
}

type tokenLine struct {
	SHA256  string `yaml:"sha256"`
	Role    Role   `yaml:"role"`
	Subject string `yaml:"subject"`
	Office  string `yaml:"office"`
}

// LoadTokens reads a tokens file. A file that is later broken keeps the
// tokens of the last good one out: nobody is let in until it is mended.
func LoadTokens(path string, clk clock.Clock) (*Tokens, error) {
	file, err := reload(clk, func() (map[string]Principal, error) { return readTokens(path) }, path)
	if err != nil {
		return nil, err
	}
	return &Tokens{file: file}, nil
}

// HashToken is the hexadecimal SHA-256 of a token, as the file holds it.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Authenticate implements Authenticator. Looking a hash up leaks nothing
// about tokens that could be guessed: they are random.
func (t *Tokens) Authenticate(_ context.Context, token string) (Principal, error) {
	known, err := t.file.get()
	if err != nil {
		return Principal{}, fault.Wrap(err, fault.Unavailable, "rpc.tokens-unreadable", "tokens cannot be checked right now")
	}
	who, ok := known[HashToken(token)]
	if !ok {
		return Principal{}, fault.New(fault.Denied, ruleTokenUnknown, "this token is not known")
	}
	return who, nil
}

func readTokens(path string) (map[string]Principal, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read tokens: %w", err)
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(content)))
	decoder.KnownFields(true)
	var lines []tokenLine
	if err := decoder.Decode(&lines); err != nil {
		return nil, fmt.Errorf("read tokens %s: not a YAML list of {sha256, role, subject}", path)
	}
	known := make(map[string]Principal, len(lines))
	for i, line := range lines {
		hash := strings.ToLower(line.SHA256)
		if raw, err := hex.DecodeString(hash); err != nil || len(raw) != sha256.Size {
			return nil, fmt.Errorf("read tokens %s: entry %d: sha256 must be 64 hexadecimal digits", path, i+1)
		}
		if line.Role == "" || line.Role == AnyRole || line.Subject == "" {
			return nil, fmt.Errorf("read tokens %s: entry %d: role and subject must be given", path, i+1)
		}
		if _, twice := known[hash]; twice {
			return nil, fmt.Errorf("read tokens %s: entry %d: the same token twice", path, i+1)
		}
		known[hash] = Principal{Role: line.Role, Subject: line.Subject, Office: line.Office, TokenHash: hash}
	}
	return known, nil
}

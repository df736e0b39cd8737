package e2e

import (
	"net/http"
	"net/url"
	"strings"

	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/emptypb"
)

// call is a call of a public method, as a test makes it over gRPC and REST
// alike.
type call struct {
	method  string // full, as /kompetansespor.issuer.v1.OfferService/GetOffer
	token   string
	request proto.Message
}

// service is whose method it is.
func (c call) service() string { return strings.Split(c.method, ".")[1] }

// overGRPC makes the call and reads the answer.
func (s *stack) overGRPC(c call, into proto.Message) error {
	s.t.Helper()
	return s.dial(c.service()).Invoke(as(s.t.Context(), c.token), c.method, c.request, into)
}

// overREST makes the call as its contract says (google.api.http).
func (s *stack) overREST(c call) answer {
	s.t.Helper()
	verb, target, body := c.rest()
	header := http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + c.token}}
	return s.ask(c.service(), verb, target, header, strings.NewReader(body))
}

// rest is the call as an HTTP request: fields that the path names stand there,
// the others in the body, or behind the question mark where there is none.
func (c call) rest() (verb, target, body string) {
	name := strings.ReplaceAll(strings.TrimPrefix(c.method, "/"), "/", ".")
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		panic(err)
	}
	rule := proto.GetExtension(found.Options(), annotations.E_Http).(*annotations.HttpRule)
	left := proto.Clone(c.request)
	fill := func(path string) string {
		return pathParameter.ReplaceAllStringFunc(path, func(parameter string) string {
			field := left.ProtoReflect().Descriptor().Fields().ByName(protoreflect.Name(strings.Trim(parameter, "{}")))
			value := left.ProtoReflect().Get(field).String()
			left.ProtoReflect().Clear(field)
			return url.PathEscape(value)
		})
	}
	if path := rule.GetPost(); path != "" {
		target = fill(path)
		text, err := protojson.MarshalOptions{UseProtoNames: true}.Marshal(left)
		if err != nil {
			panic(err)
		}
		return http.MethodPost, target, string(text)
	}
	target = fill(rule.GetGet())
	query := url.Values{}
	left.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		query.Set(string(field.Name()), value.String())
		return true
	})
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	return http.MethodGet, target, ""
}

// httpOf are codes as REST has them.
var httpOf = map[codes.Code]int{
	codes.InvalidArgument: http.StatusBadRequest, codes.PermissionDenied: http.StatusForbidden, codes.NotFound: http.StatusNotFound,
	codes.FailedPrecondition: http.StatusConflict, codes.Unavailable: http.StatusServiceUnavailable,
}

// refusedAlike fails unless the call is refused by the rule over gRPC and REST.
func (s *stack) refusedAlike(c call, code codes.Code, rule string) {
	s.t.Helper()
	s.refused(s.overGRPC(c, &emptypb.Empty{}), code, rule)
	if a := s.overREST(c); a.status != httpOf[code] || a.rule != rule {
		s.fail("%s over REST: %d with rule %q, want %d with %q", c.method, a.status, a.rule, httpOf[code], rule)
	}
}

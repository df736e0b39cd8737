package demo

import (
	"context"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// Value is a value that the worker's client sent, by the message and the path of
// its field. What it said is not kept.
type Value struct {
	Field string `json:"field"`
	// Kind is how the client came by it: a reference or code that it was given, a
	// tap of consent, a choice of the device. Empty: somebody typed it.
	Kind string `json:"kind,omitempty"`
}

// kinds says of each field of a worker's request how its value comes about. A
// field that is not named is one that somebody types: a new field of the contract
// counts until it is looked at.
var kinds = map[string]string{
	"OpenWalletRequest.locale":                        "choice of the device",
	"OpenWalletRequest.credential_format":             "choice of the wallet",
	"AcceptOfferRequest.invitation_url":               "reference: the link in the mail",
	"AcceptOfferRequest.collection_code":              "code: given with the offer",
	"AcceptOfferRequest.offer_number":                 "reference: given with the offer",
	"ApplyForPermitRequest.credential_id":             "reference",
	"ApplyForPermitRequest.supporting_credential_ids": "reference",
	"ApplyForPermitRequest.consent":                   "tap of consent",
	"ConfirmPaymentRequest.exchange_id":               "reference",
	"GetExchangeRequest.exchange_id":                  "reference",
	"ListExchangesRequest.page_size":                  "choice of the wallet",
	"ListExchangesRequest.page_token":                 "reference",
	"ListCredentialsRequest.page_size":                "choice of the wallet",
	"ListCredentialsRequest.page_token":               "reference",
	"GetCredentialRequest.credential_id":              "reference",
	"ImportCredentialRequest.document":                "reference: a credential that another authority issued",
	"ListNoticesRequest.page_size":                    "choice of the wallet",
	"ListNoticesRequest.page_token":                   "reference",
	"ReadNoticeRequest.notice_id":                     "reference",
	"ListAccessLogRequest.page_size":                  "choice of the wallet",
	"ListAccessLogRequest.page_token":                 "reference",
}

// Sent is what one worker's client has sent, each field once. It may be used by
// many goroutines.
type Sent struct {
	mu     sync.Mutex
	values []Value
}

// Values are the fields that were sent, in the order in which they first were.
func (s *Sent) Values() []Value {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.values)
}

// Typed are the values that somebody typed.
func (s *Sent) Typed() []Value {
	return slices.DeleteFunc(s.Values(), func(v Value) bool { return v.Kind != "" })
}

func (s *Sent) add(v Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.values, v) {
		s.values = append(s.values, v)
	}
}

// Record takes the values of a request.
func (s *Sent) Record(request proto.Message) {
	m := request.ProtoReflect()
	s.walk(string(m.Descriptor().Name()), m)
}

// walk goes through the fields that are set, down to those that are named in
// kinds or hold a value.
func (s *Sent) walk(path string, m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		at := path + "." + string(f.Name())
		switch _, named := kinds[at]; {
		case named:
			s.add(Value{Field: at, Kind: kinds[at]})
		case f.IsMap() || f.Message() == nil:
			s.add(Value{Field: at})
		case f.IsList():
			for i := range v.List().Len() {
				s.walk(at, v.List().Get(i).Message())
			}
		default:
			s.walk(at, v.Message())
		}
		return true
	})
}

type sentKey struct{}

// sending marks calls as a worker's: what they send is recorded.
func sending(ctx context.Context, s *Sent) context.Context {
	return context.WithValue(ctx, sentKey{}, s)
}

// record is for the connection to the wallet, which is the worker's only one.
func record(ctx context.Context, method string, request, answer any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if s, ok := ctx.Value(sentKey{}).(*Sent); ok && strings.HasPrefix(method, "/kompetansespor.wallet.") {
		if message, ok := request.(proto.Message); ok {
			s.Record(message)
		}
	}
	return invoke(ctx, method, request, answer, conn, opts...)
}

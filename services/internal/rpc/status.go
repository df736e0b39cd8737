// Package rpc is the wire between services and towards the world: gRPC and
// REST servers, the gRPC client, who may call what, and how a fault looks on
// the outside.
//
// Public (NewPublic) is one HTTPS listener that serves gRPC, REST made from
// the same contract, and plain handlers. Internal (NewInternal) is native
// gRPC over mutual TLS. Both deny what nobody named.
//
// The package holds no rule of any service, logs no personal data and never
// shows the cause of an internal fault.
package rpc

import (
	"context"
	"errors"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// Domain is the ErrorInfo domain of every fault.
const Domain = "kompetansespor.no"

// Rules of this package's own faults.
const (
	ruleTokenMissing = "rpc.token-missing"
	ruleTokenUnknown = "rpc.token-unknown"
	ruleDeadline     = "rpc.deadline"
	ruleCanceled     = "rpc.canceled"
	ruleTooLarge     = "rpc.body-too-large"
	ruleEncoding     = "rpc.content-encoding"
	ruleMediaType    = "rpc.media-type"
	ruleRole         = "rpc.role"
	ruleUnknownPath  = "rpc.unknown-path"
	ruleMethod       = "rpc.http-method"
	ruleMalformed    = "rpc.malformed"
	ruleUnknownCall  = "rpc.unimplemented"
	ruleUnreachable  = "rpc.unreachable"
	ruleRefused      = "rpc.refused"
	ruleDatabase     = "rpc.database-away"
)

// codeOf maps a fault to its gRPC code.
func codeOf(f *fault.Error) codes.Code {
	switch f.Rule {
	case ruleTokenMissing, ruleTokenUnknown:
		return codes.Unauthenticated
	case ruleUnknownCall:
		return codes.Unimplemented
	case ruleDeadline:
		return codes.DeadlineExceeded
	case ruleCanceled:
		return codes.Canceled
	}
	switch f.Kind {
	case fault.Invalid:
		return codes.InvalidArgument
	case fault.Denied:
		return codes.PermissionDenied
	case fault.NotFound:
		return codes.NotFound
	case fault.Conflict:
		return codes.FailedPrecondition
	case fault.Throttled:
		return codes.ResourceExhausted
	case fault.Unavailable:
		return codes.Unavailable
	}
	return codes.Internal
}

// ToStatus turns an error into the gRPC status that goes on the wire: the
// fault's message, an ErrorInfo (reason: the rule, domain: Domain, metadata
// kind and trace_id) and a BadRequest with its violations. The text of an
// error that is no fault, and of an Internal one, stays inside.
func ToStatus(err error, traceID string) *status.Status {
	if err == nil {
		return status.New(codes.OK, "")
	}
	f := faultOf(err)
	if f.Kind == fault.Internal {
		f = fault.From(errors.New("withheld"))
	}
	metadata := map[string]string{"kind": f.Kind.String()}
	if traceID != "" {
		metadata["trace_id"] = traceID
	}
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: f.Rule, Domain: Domain, Metadata: metadata}}
	if len(f.Violations) > 0 {
		bad := &errdetails.BadRequest{}
		for _, v := range f.Violations {
			bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
				Field: v.Field, Reason: v.Rule, Description: v.Message,
			})
		}
		details = append(details, bad)
	}
	plain := status.New(codeOf(f), f.Message)
	detailed, err := plain.WithDetails(details...)
	if err != nil { // text that is not UTF-8: the code still holds
		return status.New(codeOf(f), "")
	}
	return detailed
}

// faultOf finds the fault in err, or makes one of a gRPC status or an ended
// context.
func faultOf(err error) *fault.Error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	if s, ok := status.FromError(err); ok {
		return fromStatus(s)
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fault.Wrap(err, fault.Unavailable, ruleDeadline, "it took too long: try again")
	case errors.Is(err, context.Canceled):
		return fault.Wrap(err, fault.Unavailable, ruleCanceled, "the call was canceled")
	case sqldb.Away(err):
		return fault.Wrap(err, fault.Unavailable, ruleDatabase, "the service cannot reach its database now: try again")
	}
	return fault.From(err)
}

// FromStatus turns what a gRPC call returned into the fault that the other
// side raised: kind, rule, message and violations. A status without our
// ErrorInfo becomes a fault by its code; an unreachable peer is Unavailable.
// nil gives nil.
func FromStatus(err error) error {
	if err == nil {
		return nil
	}
	return faultOf(err)
}

func fromStatus(s *status.Status) *fault.Error {
	f := fault.Wrap(s.Err(), kindOf(s.Code()), ruleOf(s.Code()), "%s", messageOf(s))
	if s.Code() == codes.ResourceExhausted {
		// gRPC's own word for a message above the limit; our rate limits say
		// theirs in an ErrorInfo.
		f.Kind = fault.Invalid
	}
	for _, detail := range s.Details() {
		switch d := detail.(type) {
		case *errdetails.ErrorInfo:
			if d.GetDomain() == Domain && d.GetReason() != "" {
				f.Rule, f.Kind = d.GetReason(), kindOf(s.Code())
			}
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				f.Violations = append(f.Violations, fault.Violation{
					Field: v.GetField(), Rule: v.GetReason(), Message: v.GetDescription(),
				})
			}
		}
	}
	return f
}

func kindOf(code codes.Code) fault.Kind {
	switch code {
	case codes.InvalidArgument, codes.OutOfRange, codes.Unimplemented:
		return fault.Invalid
	case codes.Unauthenticated, codes.PermissionDenied:
		return fault.Denied
	case codes.NotFound:
		return fault.NotFound
	case codes.FailedPrecondition, codes.AlreadyExists, codes.Aborted:
		return fault.Conflict
	case codes.ResourceExhausted:
		return fault.Throttled
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled:
		return fault.Unavailable
	}
	return fault.Internal
}

func ruleOf(code codes.Code) string {
	switch code {
	case codes.InvalidArgument, codes.OutOfRange:
		return ruleMalformed
	case codes.Unimplemented:
		return ruleUnknownCall
	case codes.Unavailable:
		return ruleUnreachable
	case codes.DeadlineExceeded:
		return ruleDeadline
	case codes.Canceled:
		return ruleCanceled
	case codes.ResourceExhausted:
		return ruleTooLarge
	case codes.Internal, codes.Unknown, codes.DataLoss:
		return "internal"
	}
	return ruleRefused
}

// messageOf is the status' own text where it speaks about the request, and
// nothing from inside elsewhere: gRPC's own texts name addresses.
func messageOf(s *status.Status) string {
	switch kindOf(s.Code()) {
	case fault.Unavailable:
		for _, detail := range s.Details() {
			if info, ok := detail.(*errdetails.ErrorInfo); ok && info.GetDomain() == Domain {
				return s.Message()
			}
		}
		return "a service that is needed did not answer: try again"
	case fault.Internal:
		return "something went wrong on our side"
	}
	return s.Message()
}

package api

import (
	"context"
	"regexp"
	"strconv"

	taxv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/tax/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

// ResolveDuplicate decides on a possible duplicate.
func (s *Registrations) ResolveDuplicate(ctx context.Context, req *taxv1.ResolveDuplicateRequest) (*taxv1.ResolveDuplicateResponse, error) {
	var r registration.Resolution
	said := true
	switch decision := req.GetDecision().(type) {
	case *taxv1.ResolveDuplicateRequest_ExistingIdentifier:
		r = registration.Resolution{SamePerson: true, Existing: decision.ExistingIdentifier}
	case *taxv1.ResolveDuplicateRequest_AnotherPerson:
		said = decision.AnotherPerson
	case *taxv1.ResolveDuplicateRequest_Refuse:
		r.Refuse, said = true, decision.Refuse
	default:
		said = false
	}
	if !said {
		return nil, fault.New(fault.Invalid, "registration.resolution", "the request makes no decision: say which of the three")
	}
	return &taxv1.ResolveDuplicateResponse{}, s.Desk.Resolve(ctx, req.GetCaseRef(), r)
}

// ReplaceIdentifier has a D-number replaced by a fødselsnummer.
func (s *Registrations) ReplaceIdentifier(ctx context.Context, req *taxv1.ReplaceIdentifierRequest) (*taxv1.ReplaceIdentifierResponse, error) {
	return &taxv1.ReplaceIdentifierResponse{}, s.Desk.ReplaceIdentifier(ctx, req.GetCaseRef())
}

var incomeYear = regexp.MustCompile(`^20[0-9]{2}$`)

// RecordTaxCard replaces the worker's tax card.
func (s *Registrations) RecordTaxCard(ctx context.Context, req *taxv1.RecordTaxCardRequest) (*taxv1.RecordTaxCardResponse, error) {
	if !incomeYear.MatchString(req.GetIncomeYear()) {
		return nil, fault.New(fault.Invalid, "registration.card", "an income year has four digits")
	}
	year, err := strconv.Atoi(req.GetIncomeYear())
	if err != nil {
		return nil, fault.New(fault.Invalid, "registration.card", "an income year has four digits")
	}
	d := req.GetDeduction()
	if d == nil {
		return nil, fault.New(fault.Invalid, "registration.deduction", "the tax card has no deduction")
	}
	err = s.Desk.RecordTaxCard(ctx, req.GetCaseRef(), year, registration.Deduction{
		Source: d.GetAtSource(), Table: d.GetTable(), Percent: int(d.GetPercent()), Months: int(d.GetMonths()),
	})
	if err != nil {
		return nil, err
	}
	line, err := s.Desk.Get(ctx, req.GetCaseRef())
	if err != nil {
		return nil, err
	}
	return &taxv1.RecordTaxCardResponse{TaxCard: encodeCard(line.Registration.Card())}, nil
}

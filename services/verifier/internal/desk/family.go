package desk

import (
	"context"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/telemetry"
	"github.com/kompetansespor/kompetansespor/services/verifier/internal/casefile"
)

// Relation is what a member is to the one whose permit the family rests on.
type Relation string

// The relations; a family has one reference person.
const (
	ReferencePerson Relation = "REFERENCE_PERSON"
	Spouse          Relation = "SPOUSE"
	Cohabitant      Relation = "COHABITANT"
	Child           Relation = "CHILD"
)

// Member is a case of a family.
type Member struct {
	CaseRef  string
	Relation Relation
}

const maxFamily = 20

// LinkFamily links cases that are decided together: each is undecided and of no
// other family. The same link again changes nothing.
//
// Rules: family.members, family.relation, family.reference-person (Invalid),
// family.linked-already, case.already-decided (Conflict).
func (d *Desk) LinkFamily(ctx context.Context, officer string, members []Member) (family string, _ []Record, err error) {
	if len(members) < 2 || len(members) > maxFamily {
		return "", nil, fault.New(fault.Invalid, "family.members", "a family has 2 to 20 cases")
	}
	references, seen := 0, map[string]bool{}
	for _, m := range members {
		if seen[m.CaseRef] {
			return "", nil, fault.New(fault.Invalid, "family.members", "a case is named twice")
		}
		seen[m.CaseRef] = true
		switch m.Relation {
		case ReferencePerson:
			references++
		case Spouse, Cohabitant, Child:
		default:
			return "", nil, fault.New(fault.Invalid, "family.relation", "a member is the reference person, spouse, cohabitant or child")
		}
	}
	if references != 1 {
		return "", nil, fault.New(fault.Invalid, "family.reference-person", "a family has one reference person")
	}
	fresh, err := d.newID("fam_")
	if err != nil {
		return "", nil, err
	}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		family = fresh
		linked := map[string]bool{}
		for _, m := range members {
			record, err := d.Store.ByRef(ctx, tx, m.CaseRef)
			if err != nil {
				return err
			}
			linked[record.Family] = true
			if !record.Case.Undecided() && record.Family == "" {
				return fault.New(fault.Conflict, "case.already-decided", "a case of the family is decided")
			}
		}
		if !linked[""] && len(linked) == 1 {
			for have := range linked {
				family = have
			}
			return d.sameFamily(ctx, tx, family, members)
		}
		if len(linked) > 1 || !linked[""] {
			return fault.New(fault.Conflict, "family.linked-already", "a case of the family is linked with others")
		}
		for _, m := range members {
			if err := d.Store.AddMember(ctx, tx, family, m, officer, d.Clock.Now()); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", nil, err
	}
	records, err := d.family(ctx, d.DB.Read(), family)
	return family, records, err
}

func (d *Desk) sameFamily(ctx context.Context, tx *sqldb.Tx, family string, members []Member) error {
	have, err := d.Store.Members(ctx, tx, family)
	if err != nil {
		return err
	}
	same := len(have) == len(members) && !slices.ContainsFunc(members, func(m Member) bool { return !slices.Contains(have, m) })
	if !same {
		return fault.New(fault.Conflict, "family.linked-already", "the cases are linked in another way")
	}
	return nil
}

func (d *Desk) family(ctx context.Context, q sqldb.Querier, family string) ([]Record, error) {
	members, err := d.Store.Members(ctx, q, family)
	if err != nil {
		return nil, err
	}
	if len(members) == 0 {
		return nil, fault.New(fault.NotFound, "family.unknown", "there is no such family")
	}
	records := make([]Record, len(members))
	for i, m := range members {
		if records[i], err = d.Store.ByRef(ctx, q, m.CaseRef); err != nil {
			return nil, err
		}
	}
	return records, nil
}

// DecideFamily decides all cases of a family at once, each with its own outcome:
// one transaction, or nothing. Every case that is granted must stand every check
// of a grant; otherwise no case is decided. The same decision again changes
// nothing.
//
// Rules: family.every-member (Invalid), those of Decide.
func (d *Desk) DecideFamily(ctx context.Context, family string, decisions []Deciding) (_ []Record, err error) {
	records, err := d.family(ctx, d.DB.Read(), family)
	if err != nil {
		return nil, err
	}
	ctx, end := telemetry.Span(telemetry.Continue(ctx, records[0].Traceparent), "family.Decide")
	defer func() { end(err) }()
	records = applying(records)
	checked := map[string]string{} // the offer, by case
	made, err := d.decisionsOf(records, decisions)
	if err != nil {
		return nil, err
	}
	for _, record := range records {
		checked[record.Case.ID()] = record.OfferID
		changed, err := record.Case.Decide(made[record.Case.ID()].decision)
		if err != nil {
			return nil, err
		}
		if changed && record.Case.State() == casefile.Granted {
			if err := d.stillStands(ctx, record.File); err != nil {
				return nil, err
			}
		}
	}
	err = d.DB.Tx(ctx, func(tx *sqldb.Tx) error {
		records, err := d.family(ctx, tx, family)
		if err != nil {
			return err
		}
		for _, record := range applying(records) {
			one, ok := made[record.Case.ID()]
			if !ok || record.OfferID != checked[record.Case.ID()] {
				return changedMeanwhile()
			}
			changed, err := record.Case.Decide(one.decision)
			if err != nil {
				return err
			}
			if !changed {
				continue
			}
			if err := d.rule(ctx, tx, record, Ruling{TokenHash: one.in.TokenHash, Note: one.in.Note}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return d.family(ctx, d.DB.Read(), family)
}

// applying are the members who have not taken their application back: the others
// are decided without them.
func applying(members []Record) []Record {
	return slices.DeleteFunc(members, func(r Record) bool { return r.Case.State() == casefile.Withdrawn })
}

// memberDecision is what is decided of one member.
type memberDecision struct {
	in       Deciding
	decision casefile.Decision
}

// decisionsOf wants one decision for every member, and for nobody else.
func (d *Desk) decisionsOf(records []Record, decisions []Deciding) (map[string]memberDecision, error) {
	made := map[string]memberDecision{}
	together, err := d.newID("fdec_")
	if err != nil {
		return nil, err
	}
	for _, in := range decisions {
		id, err := d.newID("dec_")
		if err != nil {
			return nil, err
		}
		made[in.CaseRef] = memberDecision{in, casefile.Decision{
			ID: id, Officer: in.Officer, Outcome: in.Outcome, Reason: in.Reason, At: d.Clock.Now(), Together: together,
		}}
	}
	for _, record := range records {
		if _, has := made[record.Case.ID()]; !has {
			return nil, everyMember()
		}
	}
	if len(made) != len(records) || len(decisions) != len(records) {
		return nil, everyMember()
	}
	return made, nil
}

func everyMember() error {
	return fault.New(fault.Invalid, "family.every-member", "decide every case of the family once, and no other")
}

package accreditation

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// Signatory is somebody who may sign offers for the employer.
type Signatory struct {
	Name string `json:"name"`
	Role string `json:"role"`
	// Right is the authorisation, as Ansattporten names it, such as
	// urn:altinn:resource:kompetansespor-issue.
	Right string    `json:"right"`
	From  time.Time `json:"from"`
	Until time.Time `json:"until,omitzero"` // zero: still
}

func (s Signatory) check() error {
	var wrong []fault.Violation
	for _, text := range []struct {
		field, value string
	}{{"signatory.name", s.Name}, {"signatory.role", s.Role}, {"signatory.right", s.Right}} {
		if n := utf8.RuneCountInString(text.value); Fold(text.value) == "" || n > 200 || !utf8.ValidString(text.value) {
			wrong = append(wrong, fault.Violation{Field: text.field, Rule: "accreditation.signatory", Message: "give 1 to 200 characters"})
		}
	}
	return fault.Violated("accreditation.signatory", "the signatory cannot be registered as named", wrong)
}

func (s Signatory) active(at time.Time) bool {
	return !at.Before(s.From) && (s.Until.IsZero() || at.Before(s.Until))
}

// is reports whether two entries are of the same person in the same role.
func (s Signatory) is(o Signatory) bool { return Same(s.Name, o.Name) && Same(s.Role, o.Role) }

// Signatories are all that were ever registered, in that order.
func (a *Accreditation) Signatories() []Signatory { return slices.Clone(a.signatories) }

// AddSignatory registers who may sign from at on; one who may already is left
// as they are, unless the right is another: then the old entry ends. Rules:
// accreditation.signatory (Invalid), accreditation.state (Conflict) when
// revoked or expired.
func (a *Accreditation) AddSignatory(s Signatory, at time.Time) (changed bool, err error) {
	s.From, s.Until = at.UTC(), time.Time{}
	if err := s.check(); err != nil {
		return false, err
	}
	if a.state == Revoked || a.state == Expired {
		return false, fault.New(fault.Conflict, "accreditation.state", "the accreditation is over")
	}
	for i, have := range a.signatories {
		if !have.Until.IsZero() || !have.is(s) {
			continue
		}
		if have.Right == s.Right {
			return false, nil
		}
		a.signatories[i].Until = s.From
	}
	a.signatories = append(a.signatories, s)
	return true, nil
}

// EndSignatory ends what somebody may sign from at on. Rules:
// accreditation.no-signatory (NotFound), accreditation.last-signatory
// (Conflict): an employer that is not pending keeps at least one.
func (a *Accreditation) EndSignatory(name, role string, at time.Time) error {
	at = at.UTC()
	active, found := 0, -1
	for i, s := range a.signatories {
		if !s.Until.IsZero() {
			continue
		}
		active++
		if s.is(Signatory{Name: name, Role: role}) {
			found = i
		}
	}
	switch {
	case found < 0:
		return fault.New(fault.NotFound, "accreditation.no-signatory", "nobody of this name and role may sign")
	case active == 1 && a.state != Pending:
		return fault.New(fault.Conflict, "accreditation.last-signatory", "register another signatory first: an accredited employer has at least one")
	}
	a.signatories[found].Until = at
	return nil
}

// Signature is what an offer says of who signed it.
type Signature struct {
	Name, Role string
	// AuthorisedBy is the right that it names; it may be empty.
	AuthorisedBy string
	// At is when it was signed. The proof of a credential says whole seconds:
	// see instant.
	At time.Time
}

// instant is when the signature is judged. One that is dated to the whole second
// was made somewhere within it; what holds at the second's end counts, so that
// an offer signed in the second of the accreditation stands, and one signed in
// the second of a suspension does not.
func (s Signature) instant() time.Time {
	if s.At.Nanosecond() != 0 {
		return s.At
	}
	return s.At.Add(time.Second - time.Nanosecond)
}

// Stands reports whether the accreditation was in force when something was
// signed.
func (a *Accreditation) Stands(s Signature) bool { return a.StateAt(s.instant()) == Accredited }

// RoleHolder is somebody who has a role in an organisation by Enhetsregisteret.
type RoleHolder struct {
	Role string // the role's code, such as DAGL
	Name string
	// Changed is when the register last changed this group of roles; zero when
	// it does not say. Before that, somebody else may have had it.
	Changed time.Time
}

// Authority is by what somebody may sign.
type Authority struct {
	// Source is Employer for who is registered here, Enhetsregisteret for who
	// has a role there.
	Source Source
	// Name is the right, or the code of the role.
	Name string
}

// MaySign reports by what authority of those registered here a signature
// counts. The name and the role must be those registered, and so must be the
// right when the signature names one. Denied, with the rule that is broken:
// signatory.not-accredited, signatory.unknown, signatory.right.
func (a *Accreditation) MaySign(s Signature) (Authority, error) {
	if !a.Stands(s) {
		return Authority{}, NotAccredited()
	}
	err := fault.New(fault.Denied, "signatory.unknown", "nobody of this name and role is registered to sign for the organisation")
	for _, have := range a.signatories {
		if !have.active(s.instant()) || !have.is(Signatory{Name: s.Name, Role: s.Role}) {
			continue
		}
		if s.AuthorisedBy == "" || s.AuthorisedBy == have.Right {
			return Authority{Source: Employer, Name: have.Right}, nil
		}
		err = fault.New(fault.Denied, "signatory.right", "who signs is registered with another right than the signature names")
	}
	return Authority{}, err
}

// NotAccredited is the fault of a signature for who is not accredited.
func NotAccredited() error {
	return fault.New(fault.Denied, "signatory.not-accredited", "the organisation was not accredited when this was signed")
}

// HeldRole reports by which role of Enhetsregisteret a signature counts: the
// name is its holder's and the role is called by one of its titles. A group of
// roles that has changed after the signature says nothing of then. Denied
// signatory.unknown when there is none.
func HeldRole(holders []RoleHolder, s Signature, p Parameters) (Authority, error) {
	for _, role := range p.SigningRoles {
		if !slices.ContainsFunc(role.Titles, func(title string) bool { return Same(title, s.Role) }) {
			continue
		}
		for _, h := range holders {
			if h.Role == role.Code && Same(h.Name, s.Name) && !h.Changed.After(s.At) {
				return Authority{Source: Enhetsregisteret, Name: h.Role}, nil
			}
		}
	}
	return Authority{}, fault.New(fault.Denied, "signatory.unknown", "nobody of this name and role may sign for the organisation")
}

// Same reports whether two names are one: after Unicode's composition, without
// regard to case and to how many spaces stand between. Never nearly.
func Same(a, b string) bool {
	folded := Fold(a)
	return folded != "" && folded == Fold(b)
}

// Fold is a name as it is compared.
func Fold(name string) string {
	folded := cases.Fold().String(norm.NFC.String(name))
	return norm.NFC.String(strings.Join(strings.FieldsFunc(folded, unicode.IsSpace), " "))
}

// SigningTitle reports whether a role is called by a title under which somebody
// signs by Enhetsregisteret: only then is the register worth asking.
func SigningTitle(role string, p Parameters) bool {
	return slices.ContainsFunc(p.SigningRoles, func(r SigningRole) bool {
		return slices.ContainsFunc(r.Titles, func(title string) bool { return Same(title, role) })
	})
}

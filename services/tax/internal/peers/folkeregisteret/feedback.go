package folkeregisteret

import (
	"errors"
	"fmt"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/strictjson"
	"github.com/kompetansespor/kompetansespor/services/tax/internal/registration"
)

// entry is one of the feed's hendelser. Members that are not known are passed
// over: the feed grows.
type entry struct {
	Sequence int64 `json:"sekvensnummer"`
	Event    struct {
		Reference string `json:"avsendersMeldingsidentifikator"`
		Manual    *struct {
			Deadline string `json:"saksfrist"`
			Reason   string `json:"begrunnelse"`
		} `json:"sakTilManuellBehandling"`
		Decision *decision `json:"saksbeslutning"`
	} `json:"hendelse"`
}

type decision struct {
	Outcome string `json:"beslutning"`
	DNumber *struct {
		Number   string `json:"dNummer"`
		Deviates bool   `json:"tildeltDnummerAvvikerFraFoedselsdato"`
	} `json:"skalTildeleDNummer"`
	// BirthNumber is of our own path for a fødselsnummer.
	BirthNumber *struct {
		Number   string `json:"foedselsnummer"`
		Deviates bool   `json:"tildeltFoedselsnummerAvvikerFraFoedselsdato"`
	} `json:"skalTildeleFoedselsnummer"`
	None *struct {
		Existing string `json:"eksisterendeIdNummer"`
	} `json:"skalIkkeTildeleDNummer"`
}

// readFeedback reads a page. Entries rise from after; what is no answer to a
// requisition is an answer to nobody, so that the pointer passes it.
func readFeedback(body []byte, after int64, mode identifier.Mode) ([]registration.Answer, error) {
	var page []entry
	if err := strictjson.UnmarshalOpen(body, &page, strictjson.Limits{Bytes: answerLimit, Depth: 16}); err != nil {
		return nil, err
	}
	if len(page) > pageSize {
		return nil, errors.New("the page is longer than asked for")
	}
	answers := make([]registration.Answer, 0, len(page))
	for _, e := range page {
		if e.Sequence <= after {
			return nil, errors.New("the page does not rise from where it was asked for")
		}
		after = e.Sequence
		a, err := e.read(mode)
		if err != nil {
			return nil, fmt.Errorf("entry %d: %w", e.Sequence, err)
		}
		answers = append(answers, a)
	}
	return answers, nil
}

var reasons = map[string]registration.Reason{"muligDublett": registration.PossibleDuplicate, "dufNummerIBruk": registration.DUFInUse}

var refusals = map[string]registration.Refusal{
	"avslaatt": registration.Declined, "avvist": registration.Dismissed, "avbrutt": registration.Cancelled,
}

func (e entry) read(mode identifier.Mode) (registration.Answer, error) {
	a := registration.Answer{Sequence: e.Sequence, Reference: e.Event.Reference}
	switch {
	case e.Event.Manual != nil && e.Event.Decision != nil:
		return a, errors.New("it is both queued and decided")
	case e.Event.Manual != nil:
		reason, known := reasons[e.Event.Manual.Reason]
		deadline, err := time.Parse(time.DateOnly, e.Event.Manual.Deadline)
		if !known || err != nil {
			return a, errors.New("it is queued without a known reason and a deadline")
		}
		a.Queued = &registration.Queue{Deadline: deadline, Reason: reason}
	case e.Event.Decision != nil:
		return a, e.Event.Decision.into(&a, mode)
	default:
		a.Reference = ""
	}
	return a, nil
}

// into reads a decision. Whatever it is called, what counts is whether it names
// a number.
func (d *decision) into(a *registration.Answer, mode identifier.Mode) error {
	var numbers []registration.Number
	if d.DNumber != nil {
		numbers = append(numbers, registration.Number{Number: d.DNumber.Number, DateDeviates: d.DNumber.Deviates, How: registration.New})
	}
	if d.BirthNumber != nil {
		numbers = append(numbers, registration.Number{Number: d.BirthNumber.Number, DateDeviates: d.BirthNumber.Deviates, How: registration.New})
	}
	if d.None != nil && d.None.Existing != "" {
		numbers = append(numbers, registration.Number{Number: d.None.Existing, How: registration.Existing})
	}
	refusal, refused := refusals[d.Outcome]
	switch {
	case len(numbers) > 1, refused && (d.DNumber != nil || d.BirthNumber != nil):
		return errors.New("the decision contradicts itself")
	case len(numbers) == 1:
		// The rule from 2032 takes the numbers of both; which may be assigned when
		// the registration knows.
		if _, err := identifier.CheckPersonNumber(numbers[0].Number, mode, identifier.ControlFrom2032); err != nil {
			return err
		}
		a.Number = &numbers[0]
	case refused:
		a.Refusal = refusal
	default:
		return errors.New("the decision names neither a number nor a refusal")
	}
	return nil
}

package folkeregisteret

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/kompetansespor/kompetansespor/services/internal/identifier"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
)

// outcomes are what the next requisition can be made to become, whoever it is of.
var outcomes = []string{"duplicate", "duf", "existing", "rejected", "deviating"}

// errControl is what the caller of the control has wrong.
var errControl = errors.New("control")

// Order makes the next count requisitions duplicate, duf, existing, rejected or
// deviating.
func (s *Server) Order(ctx context.Context, outcome string, count int) error {
	if !slices.Contains(outcomes, outcome) || count < 1 || count > 1000 {
		return errControl
	}
	return s.db.Tx(ctx, func(tx *sqldb.Tx) error {
		for range count {
			_, err := tx.ExecContext(ctx, `INSERT INTO ordered (position, outcome) VALUES ((SELECT COALESCE(MAX(position), 0) + 1 FROM ordered), $1)`, outcome)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Server) order(w http.ResponseWriter, r *http.Request) {
	body := struct {
		Outcome string `json:"outcome"`
		Count   int    `json:"count"`
	}{Count: 1}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&body); err != nil {
		http.Error(w, "the order cannot be read", http.StatusBadRequest)
		return
	}
	answer(w, s.Order(r.Context(), body.Outcome, body.Count))
}

// Decide is the decision of the register's clerk on a queued requisition:
// same-person with the number that exists, another-person, or refuse.
func (s *Server) Decide(ctx context.Context, reference, decision, existing string) error {
	return s.db.Tx(ctx, func(tx *sqldb.Tx) error {
		var receipt, kept string
		err := tx.QueryRowContext(ctx, `UPDATE requisition SET stage = 'DECIDED' WHERE reference = $1 AND stage = 'QUEUED' RETURNING receipt, request`, reference).Scan(&receipt, &kept)
		if errors.Is(err, sql.ErrNoRows) {
			return errControl
		}
		if err != nil {
			return err
		}
		var q request
		if err := json.Unmarshal([]byte(kept), &q); err != nil {
			return err
		}
		switch decision {
		case "another-person":
			return s.assign(ctx, tx, q, receipt, q.Reference, false)
		case "refuse":
			return s.tell(ctx, tx, reference, receipt, map[string]any{"saksbeslutning": map[string]any{"beslutning": "avvist"}})
		case "same-person":
			return s.same(ctx, tx, q, receipt, existing)
		}
		return errControl
	})
}

func (s *Server) same(ctx context.Context, tx *sqldb.Tx, q request, receipt, existing string) error {
	var person, number string
	var kind identifier.PersonNumberKind
	err := tx.QueryRowContext(ctx, `
		SELECT p.person, p.kind, p.number FROM given_number AS g JOIN person AS p ON p.person = g.person WHERE g.number = $1`, existing).Scan(&person, &kind, &number)
	if errors.Is(err, sql.ErrNoRows) {
		return errControl
	}
	if err != nil {
		return err
	}
	if kind == dNumber && q.Kind == birthNumber {
		return s.assign(ctx, tx, q, receipt, person, false)
	}
	return s.tellExisting(ctx, tx, q, receipt, number)
}

func (s *Server) resolve(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Decision string `json:"decision"`
		Existing string `json:"existing"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<10)).Decode(&body); err != nil {
		http.Error(w, "the decision cannot be read", http.StatusBadRequest)
		return
	}
	answer(w, s.Decide(r.Context(), r.PathValue("reference"), body.Decision, body.Existing))
}

// queue lists the manual queue.
func (s *Server) queue(w http.ResponseWriter, r *http.Request) {
	rows, err := s.db.Read().QueryContext(r.Context(), `SELECT reference FROM requisition WHERE stage = 'QUEUED' ORDER BY reference`)
	all, err := sqldb.Collect(rows, err, func(r *sql.Rows) (string, error) {
		var reference string
		return reference, r.Scan(&reference)
	})
	if err != nil {
		http.Error(w, "the queue cannot be read", http.StatusInternalServerError)
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"references": append([]string{}, all...)})
}

func answer(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, errControl):
		http.Error(w, "there is no such outcome, case, decision or number", http.StatusBadRequest)
	case err != nil:
		http.Error(w, "the control failed", http.StatusInternalServerError)
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

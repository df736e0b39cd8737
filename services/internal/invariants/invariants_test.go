package invariants

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/statuslist"
)

func TestWholeWorldHasNoBreach(t *testing.T) {
	t.Parallel()
	expect(t, Sources{Layout: shared.layout, Persons: []Person{{GivenName: "Lisa", FamilyName: "Johnson", Birthdate: "01.01.1990"}}})
}

func TestOnlyWhatTookPartIsChecked(t *testing.T) {
	t.Parallel()
	expect(t, Sources{Layout: shared.layout, Services: []string{"registry", "issuer"}})
}

func TestMissingDatabaseIsNoCleanBill(t *testing.T) {
	t.Parallel()
	layout := copied(t)
	if err := os.Remove(filepath.Join(layout.Services["tax"].DataDir, "tax.db")); err != nil {
		t.Fatal(err)
	}
	if _, err := Check(t.Context(), Sources{Layout: layout}); err == nil {
		t.Fatal("a world without tax was checked")
	}
}

// A service that runs, and one that was killed, leave what they committed in
// the write-ahead log.
func TestRunningAndKilledServicesAreReadAsTheyStand(t *testing.T) {
	t.Parallel()
	layout := copied(t)
	tax := layout.Services["tax"]
	db, err := sqldb.Open(t.Context(), "sqlite", filepath.Join(tax.DataDir, "tax.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if err := db.Tx(t.Context(), func(tx *sqldb.Tx) error {
		return exec(t.Context(), tx, `UPDATE person_number SET replaced_at = 1 WHERE case_ref = $1`, lisaCase)
	}); err != nil {
		t.Fatal(err)
	}
	const breach = "I1 tax: " + lisaCase + ": the case is completed and has no person identifiers"
	expect(t, Sources{Layout: layout}, breach)

	killed := copied(t)
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(filepath.Join(tax.DataDir, "tax.db"+suffix))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(killed.Services["tax"].DataDir, "tax.db"+suffix), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	expect(t, Sources{Layout: killed}, breach)
}

func TestEachBreachIsFound(t *testing.T) {
	t.Parallel()
	const (
		lisa = `'` + lisaCase + `'`
		mate = `'` + mateCase + `'`
		lost = `'` + lostCase + `'`
		// The first event that the verifier sent about the first case.
		firstOfLisa = `(SELECT id FROM event_inbox WHERE producer = 'verifier' AND case_ref = ` + lisa + ` AND sequence = 1)`
	)
	for name, c := range map[string]struct {
		service    string
		statements []string
		want       []string
	}{
		// I1
		"completed without identifier": {"tax", []string{`DELETE FROM person_number WHERE case_ref = ` + lisa},
			[]string{"I1 " + "tax: " + lisaCase + ": the case is completed and has no person identifiers"}},
		"completed, identifier not assigned": {"tax", []string{`UPDATE person_number SET replaced_at = 1 WHERE case_ref = ` + lisa},
			[]string{"I1 has no person identifiers"}},
		"completed without attendance": {"police", []string{`UPDATE appointment SET state = 'BOOKED' WHERE case_ref = ` + lisa},
			[]string{"I1 has no attended appointments"}},
		"completed without account": {"bank", []string{`DELETE FROM account WHERE case_ref = ` + lisa},
			[]string{"I1 has no accounts"}},
		"two accounts": {"bank", loose("account", `INSERT INTO account SELECT * FROM account WHERE case_ref = `+lisa),
			[]string{"I1 bank: " + lisaCase + ": the case has 2 accounts"}},
		"account of a refused case": {"bank", []string{`INSERT INTO account (case_ref, state, granted, identified, fingerprint, kind, opened_at) SELECT ` + lost + `, state, granted, identified, 'f', kind, opened_at FROM account LIMIT 1`},
			[]string{"I1 bank: " + lostCase + ": the case was never granted and has accounts"}},
		"identifier of an unknown case": {"tax", []string{`UPDATE person_number SET case_ref = 'case_x' WHERE case_ref = ` + lisa},
			[]string{"I1 has no person identifiers", "I1 tax: case_x: the case was never granted"}},
		"withdrawn credential of a case never granted": {"bank", []string{`UPDATE issuance SET state = 'withdrawn', reference = ` + lost + ` || '/urn:uuid:1' WHERE type = 'BankAccountConfirmation' AND reference = ` + mate},
			[]string{"I1 the case " + lostCase + " was never granted and had BankAccountConfirmation credentials", "I1 " + mateCase + ": the case is completed and has no BankAccountConfirmation"}},
		"completed without decision": {"verifier", []string{`DELETE FROM decision WHERE case_ref = ` + lisa},
			[]string{"I1 without a decision", "I1 never granted and has attended appointments", "I1 never granted and has Appointment credentials", "I1 never granted and has appointment.attended events",
				"I1 tax", "I1 tax", "I1 tax", "I1 bank", "I1 bank", "I1 bank"}},
		"account credential under another case": {"bank", loose("issuance", `UPDATE issuance SET reference = `+lisa),
			[]string{"I1 " + mateCase + ": the case is completed and has no BankAccountConfirmation", "I1 has 2 BankAccountConfirmation credentials"}},

		// I2
		"signed before recorded": {"tax", []string{`UPDATE issuance SET created_at = issued_at + 1 WHERE type = 'TaxCard' AND reference = ` + lisa},
			[]string{"I2 signed before it was recorded"}},
		"signed in state reserved": {"tax", []string{`UPDATE issuance SET state = 'offered' WHERE type = 'TaxCard' AND reference = ` + lisa},
			[]string{"I2 signed, and its state is offered"}},
		"delivered and not kept": {"tax", []string{`UPDATE issuance SET credential = NULL WHERE type = 'TaxCard' AND reference = ` + lisa},
			[]string{"I2 what was signed is not kept", "I2 nobody has recorded that this TaxCard was issued"}},
		"subject exchanged": {"tax", []string{`UPDATE issuance SET subject = 'did:key:z6MkOther' WHERE type = 'TaxCard' AND reference = ` + lisa},
			[]string{"I2 another subject", "I2 the wallet holds another TaxCard"}},
		"status index shared": {"tax", []string{`UPDATE issuance SET status = (SELECT status FROM issuance WHERE type = 'TaxCard' AND reference = ` + lisa + `) WHERE type = 'TaxCard' AND reference = ` + mate},
			[]string{"I2 it has the status index of", "I2 another status index", "I2 another status index is reserved"}},
		"status index not reserved": {"bank", []string{`DELETE FROM status_entry WHERE credential_id = (SELECT credential_id FROM issuance WHERE reference = ` + lisa + `)`},
			[]string{"I2 no status index is reserved"}},
		"status index without credential": {"bank", []string{`INSERT INTO status_entry SELECT list, position + 200000, 'urn:uuid:x', 0, 0, 0 FROM status_entry LIMIT 1`},
			[]string{"I2 belongs to a credential that is not recorded"}},
		"credential without record": {"tax", []string{
			`DELETE FROM status_entry WHERE credential_id = (SELECT credential_id FROM issuance WHERE type = 'TaxCard' AND reference = ` + lisa + `)`,
			`DELETE FROM issuance WHERE type = 'TaxCard' AND reference = ` + lisa},
			[]string{"I2 nobody has recorded"}},
		"delivered and not held": {"wallet", []string{`DELETE FROM held_credential WHERE id = (SELECT id FROM held_credential WHERE type = 'TaxCard' LIMIT 1)`},
			[]string{"I2 the wallet does not hold it"}},
		"held twice": {"wallet", loose("held_credential", `INSERT INTO held_credential SELECT * FROM held_credential WHERE type = 'TaxCard' LIMIT 1`),
			[]string{"I2 the wallet holds urn:uuid:"}},
		"held under another type": {"wallet", []string{`UPDATE held_credential SET type = 'TaxRegistration' WHERE type = 'TaxCard' AND received_at = (SELECT MIN(received_at) FROM held_credential WHERE type = 'TaxCard')`},
			[]string{"I2 holds another TaxRegistration than its issuer signed"}},

		// I3
		"waits to be published": {"registry", []string{`UPDATE event_outbox SET state = 'waiting'`},
			[]string{"I3 it waits to be published", "I3 registry has it as waiting", "I3 registry has it as waiting"}},
		"published and not on the stream": {"registry", []string{`UPDATE event_outbox SET case_ref = 'acc_2'`, `UPDATE event_sequence SET case_ref = 'acc_2'`},
			[]string{"I3 is not on the stream", "I3 no outbox has it", "I3 another case, place or type", "I3 another case, place or type"}},
		"on the stream, in no outbox": {"registry", []string{`DELETE FROM event_outbox`, `DELETE FROM event_sequence`},
			[]string{"I3 stream KS_REGISTRY: message 1: no outbox has it", "I3 registry never sent it", "I3 registry never sent it"}},
		"payload changed in the outbox": {"registry", []string{`UPDATE event_outbox SET payload = CAST('{}' AS BLOB)`},
			[]string{"I3 its hash is not that of its payload"}},
		"never taken": {"tax", []string{`DELETE FROM event_inbox WHERE producer = 'verifier' AND case_ref = ` + lost, `DELETE FROM event_position WHERE producer = 'verifier' AND case_ref = ` + lost},
			[]string{"I3 was published and never taken", "I3 was published and never taken"}},
		"taken twice": {"tax", loose("event_inbox", `INSERT INTO event_inbox SELECT * FROM event_inbox WHERE id = `+firstOfLisa),
			[]string{"I3 was taken 2 times", "I4 at place 2 stands event 1"}},
		"taken and never sent": {"police", []string{`INSERT INTO event_inbox SELECT producer, 'forged', hash, 'case_x', 1, type, payload, received_at, 'parked', '' FROM event_inbox LIMIT 1`},
			[]string{"I3 verifier never sent it"}},
		"payload changed in the inbox": {"bank", []string{`UPDATE event_inbox SET payload = CAST('{}' AS BLOB) WHERE id = ` + firstOfLisa},
			[]string{"I3 its hash is not that of its payload"}},
		"taken for another case": {"bank", []string{`UPDATE event_inbox SET type = 'no.kompetansespor.x.y.v1' WHERE id = ` + firstOfLisa},
			[]string{"I3 another case, place or type"}},
		"taken from a stranger": {"bank", []string{`UPDATE event_inbox SET producer = 'police' WHERE producer = 'tax'`, `UPDATE event_position SET producer = 'police' WHERE producer = 'tax'`},
			[]string{"I3 never taken", "I3 never taken", "I3 does not listen", "I3 does not listen"}},
		"message waits to be sent": {"tax", []string{`UPDATE agent_outbox SET state = 'waiting' WHERE id = 'm2'`},
			[]string{"I3 waits to be sent"}},
		"message waits to be acted on": {"wallet", []string{`UPDATE agent_inbox SET state = 'waiting' WHERE id = 'm1'`},
			[]string{"I3 waits to be acted on"}},
		"message lost": {"wallet", []string{`DELETE FROM agent_inbox WHERE id = 'm1'`},
			[]string{"I3 wallet never took it"}},
		"message out of nowhere": {"tax", []string{`DELETE FROM agent_outbox WHERE id = 'm1'`},
			[]string{"I3 tax never sent it"}},

		// I4
		"taken out of order": {"tax", []string{`UPDATE event_inbox SET received_at = 0 WHERE producer = 'verifier' AND sequence = 2 AND case_ref = ` + lisa},
			[]string{"I4 event 2 was taken before event 1"}},
		"gap in what was taken": {"tax", []string{`DELETE FROM event_inbox WHERE id = ` + firstOfLisa},
			[]string{"I3 never taken", "I4 at place 1 stands event 2"}},
		"position ahead": {"tax", []string{`UPDATE event_position SET last = last + 1 WHERE producer = 'verifier' AND case_ref = ` + lisa},
			[]string{"I4 the position is 4"}},
		"position of nothing": {"tax", []string{`INSERT INTO event_position (producer, case_ref, last) VALUES ('verifier', 'case_x', 1)`},
			[]string{"I4 the position is 1"}},
		"counter ahead": {"registry", []string{`UPDATE event_sequence SET last = 7`},
			[]string{"I4 the position is 7"}},

		// I5
		"access row changed":   {"verifier", []string{`UPDATE access_log SET agency = 'nobody' WHERE position = 2`}, []string{"I5 does not hold at row 2"}},
		"access row removed":   {"verifier", []string{`DELETE FROM access_log WHERE position = 1`}, []string{"I5 does not hold at row 1"}},
		"last access removed":  {"verifier", []string{`DELETE FROM access_log WHERE position = 3`}, []string{"I5 does not hold at row 3"}},
		"log emptied":          {"verifier", []string{`DELETE FROM access_log`, `DELETE FROM access_log_head`}, []string{"I5 it has 0 heads"}},
		"log emptied by halfs": {"verifier", []string{`DELETE FROM access_log`}, []string{"I5 does not hold at row 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			layout := copied(t)
			spoil(t, layout, c.service, c.statements...)
			expect(t, Sources{Layout: layout}, c.want...)
		})
	}
}

// Communication DIDs never appear in credentials, wherever one might hide.
func TestCommunicationDIDInACredentialIsFound(t *testing.T) {
	t.Parallel()
	const peer = "did:peer:2.Ez6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"
	status := statuslist.Reservation{List: "https://tax.example/status/1", Index: 7}
	var entries []any
	for _, entry := range status.W3C() {
		entries = append(entries, entry.Document())
	}
	signed := func(subject string, members map[string]any) record {
		document := map[string]any{
			"id": "urn:uuid:1", "type": []any{"VerifiableCredential", "TaxCard"}, "issuer": "did:web:tax.example",
			"credentialSubject": map[string]any{"id": subject, "result": "issued"},
			"credentialStatus":  entries,
		}
		maps.Copy(document, members)
		return record{id: "urn:uuid:1", kind: "TaxCard", issuer: "did:web:tax.example", subject: subject, document: document}
	}
	if err := signed("did:key:z6Mk", nil).differs(status); err != nil {
		t.Fatal(err)
	}
	for name, bad := range map[string]record{
		"as subject":     signed(peer, nil),
		"in a claim":     signed("did:key:z6Mk", map[string]any{"evidence": []any{map[string]any{"note": "sent to " + peer}}}),
		"in a proof":     signed("did:key:z6Mk", map[string]any{"proof": map[string]any{"verificationMethod": peer + "#key-1"}}),
		"in member name": signed("did:key:z6Mk", map[string]any{"termsOfUse": map[string]any{peer: true}}),
	} {
		if err := bad.differs(status); err == nil || !strings.Contains(err.Error(), "for messages only") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A parked event keeps its place, and what comes after it waits.
func TestLaterEventsWaitBehindAParkedOne(t *testing.T) {
	t.Parallel()
	layout := copied(t)
	const verifiers = ` WHERE producer = 'verifier' AND case_ref = '` + lisaCase + `'`
	spoil(t, layout, "tax",
		`UPDATE event_inbox SET state = 'parked'`+verifiers+` AND sequence = 2`,
		`DELETE FROM event_inbox`+verifiers+` AND sequence = 3`,
		`UPDATE event_position SET last = 1`+verifiers)
	expect(t, Sources{Layout: layout})

	spoil(t, layout, "tax", `DELETE FROM event_inbox`+verifiers+` AND sequence = 1`, `DELETE FROM event_position`+verifiers)
	expect(t, Sources{Layout: layout}, "I3 was published and never taken")
}

// What the run itself put on a stream must be parked, and is not for an outbox
// to have.
func TestInjectedEventMustBeParked(t *testing.T) {
	t.Parallel()
	layout := copied(t)
	forged := []byte(`{"forged":true}`)
	spoil(t, layout, "bank", `INSERT INTO event_inbox (producer, id, hash, case_ref, sequence, type, payload, received_at, state, reason)
		VALUES ('verifier', 'x', '`+eventbus.Hash(forged)+`', '', 0, 'unreadable', CAST('`+string(forged)+`' AS BLOB), 1, 'parked', 'json')`)
	expect(t, Sources{Layout: layout, Injected: [][]byte{forged}})
	expect(t, Sources{Layout: layout}, "I3 verifier never sent it")

	spoil(t, layout, "bank", `UPDATE event_inbox SET state = 'done' WHERE id = 'x'`, `INSERT INTO event_position VALUES ('verifier', '', 0)`)
	got, err := Check(t.Context(), Sources{Layout: layout, Injected: [][]byte{forged}})
	if err != nil || len(got) == 0 || got[0].What != "it was forged, and it was done" {
		t.Fatalf("%v, %v", got, err)
	}
}

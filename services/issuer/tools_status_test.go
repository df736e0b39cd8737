package issuer

import (
	"encoding/json"
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/issuance"
	"github.com/kompetansespor/kompetansespor/services/internal/sqldb"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit/front"
)

func entry(purpose string) object {
	return object{"type": "BitstringStatusListEntry", "statusPurpose": purpose}
}

func (o *office) change(token, id, purpose string, status any) front.Answer {
	o.Helper()
	return o.JSON("/credentials/status", token, object{"credentialId": id, "credentialStatus": entry(purpose), "status": status})
}

func (o *office) changed(id, purpose string, status any) {
	o.Helper()
	if a := o.change("ours", id, purpose, status); a.Status != 200 {
		o.Fatalf("%d %s", a.Status, a.Body)
	}
}

func TestStatusIsAddedWhenAskedForAndChanges(t *testing.T) {
	o := newOffice(t, false)
	bare := o.issued(o.offer(set("id", "urn:example:1")), object{"credentialStatus": []any{entry("revocation"), entry("suspension")}})
	entries, _ := bare["credentialStatus"].([]any)
	if len(entries) != 2 {
		t.Fatalf("%v", bare["credentialStatus"])
	}
	o.verified(bare)
	o.changed("urn:example:1", "suspension", true)
	o.changed("urn:example:1", "suspension", true)
	o.refused(o.verify(bare), 400, "status.suspended")
	o.changed("urn:example:1", "suspension", false)
	o.verified(bare)
	o.changed("urn:example:1", "revocation", "0") // it is not revoked
	o.changed("urn:example:1", "revocation", "1")
	o.changed("urn:example:1", "revocation", true)
	o.refused(o.verify(bare), 400, "status.revoked")
	// Revocation is for good.
	o.refused(o.change("ours", "urn:example:1", "revocation", false), 409, "credential.revoked")
	o.refused(o.change("ours", "urn:example:1", "suspension", true), 409, "credential.revoked")
	if n := o.count(`SELECT COUNT(*) FROM issuance WHERE state = 'withdrawn'`); n != 1 {
		t.Errorf("%d withdrawn", n)
	}
	if n := o.count(`SELECT COUNT(*) FROM status_change WHERE reason = 'asked for over the VC API' AND length(changed_by) = 64`); n != 3 {
		t.Errorf("%d changes are recorded with who and why", n)
	}
	t.Run("35 a list that cannot be reached", func(t *testing.T) {
		o.mu.Lock()
		o.down = true
		o.mu.Unlock()
		a := o.verify(bare)
		var problem struct{ Title, Answer string }
		o.must(json.Unmarshal(a.Body, &problem))
		if a.Status != 400 || a.Rule != "status.unreachable" || problem.Title != "Cannot be verified now" {
			t.Errorf("%d %s", a.Status, a.Body)
		}
	})
}

// A change names one entry, and all that is asked for happens or nothing.
func TestStatusChangesAsAWhole(t *testing.T) {
	o := newOffice(t, true)
	bare := o.issued(degree(), object{"credentialId": "urn:example:1", "credentialStatus": entry("suspension")})
	own, _ := bare["credentialStatus"].(object)
	o.refused(o.change("ours", "urn:example:1", "revocation", true), 400, "vcapi.no-such-status")
	both := []any{object{"type": "BitstringStatusListEntry", "statusPurpose": "suspension", "status": "1"}, object{"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "status": "1"}}
	o.refused(o.JSON("/credentials/status", "ours", object{"credentialId": "urn:example:1", "credentialStatus": both}), 400, "vcapi.no-such-status")
	o.verified(bare)
	for _, member := range []string{"id", "statusListIndex", "statusListCredential"} {
		other := entry("suspension")
		other[member] = "https://other.example/status/1#7"
		o.refused(o.JSON("/credentials/status", "ours", object{"credentialId": "urn:example:1", "status": true, "credentialStatus": other}), 400, "vcapi.no-such-status")
	}
	a := o.JSON("/credentials/status", "ours", object{
		"credentialId": "urn:example:1", "status": true, "credentialStatus": own, "options": object{"reason": "the register was wrong"},
	})
	if a.Status != 200 || o.count(`SELECT COUNT(*) FROM status_change WHERE reason = 'the register was wrong'`) != 1 {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	o.refused(o.verify(bare), 400, "status.suspended")
	// One without a status has none to change.
	o.issued(degree(), object{"credentialId": "urn:example:2"})
	o.refused(o.change("ours", "urn:example:2", "revocation", true), 400, "vcapi.no-such-status")
}

func TestSDJWTHasOneStatusForBothPurposes(t *testing.T) {
	o := newOffice(t, false)
	enveloped := o.issued(o.offer(), object{"credentialId": "urn:example:1", "format": "dc+sd-jwt", "credentialStatus": entry("revocation")})
	o.verified(enveloped)
	o.changed("urn:example:1", "suspension", true)
	o.refused(o.verify(enveloped), 400, "status.suspended")
	o.changed("urn:example:1", "revocation", true)
	o.refused(o.verify(enveloped), 400, "status.revoked")
	if plain := o.issued(o.offer(), object{"format": "dc+sd-jwt"}); plain != nil {
		o.verified(plain)
	}
	if n := o.count(`SELECT COUNT(*) FROM status_entry`); n != 1 {
		t.Errorf("%d status entries", n)
	}
}

// A change of status must not pass by the offer that a credential belongs to,
// nor reach another tenant's.
func TestStatusOfOthersIsNotThere(t *testing.T) {
	o := newOffice(t, true)
	o.issued(degree(), object{"credentialId": "urn:example:1", "credentialStatus": entry("revocation")})
	o.refused(o.change("theirs", "urn:example:1", "revocation", true), 404, "credential.unknown")
	o.refused(o.change("ours", "urn:example:9", "revocation", true), 404, "credential.unknown")
	var offered, recorded string
	o.must(o.DB.Tx(t.Context(), func(tx *sqldb.Tx) (err error) {
		claims, _ := o.offer()["credentialSubject"].(object)
		delete(claims, "id")
		offered, err = o.Issuer.Reserve(t.Context(), tx, issuance.Draft{
			Type: "OfferOfEmployment", Reference: "off_1", Issuer: employers + ours, Claims: claims, ValidFrom: o.Clock.Now(),
		})
		return err
	}))
	o.refused(o.change("ours", offered, "revocation", true), 409, "vcapi.of-an-offer")
	o.refused(o.change("theirs", offered, "revocation", true), 404, "credential.unknown")
	// The name is what counts, not what the record is called.
	o.must(o.DB.Read().QueryRowContext(t.Context(), `SELECT credential_id FROM issuance_document`).Scan(&recorded))
	o.refused(o.change("ours", recorded, "revocation", true), 404, "credential.unknown")
	if n := o.count(`SELECT COUNT(*) FROM status_change`); n != 0 {
		t.Errorf("%d changes", n)
	}
}

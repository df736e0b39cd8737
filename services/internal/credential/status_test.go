package credential

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

const listURL = "https://issuer.example/status/1"

// at is an entry of the list.
func at(index int, purpose status.Purpose) status.Entry {
	return status.Entry{List: listURL, Index: index, Purpose: purpose}
}

func publish(t testing.TB, change func(l *status.List)) []byte {
	t.Helper()
	bits, err := status.NewBitstring(status.MinEntries)
	if err != nil {
		t.Fatal(err)
	}
	if err := bits.Set(412, true); err != nil {
		t.Fatal(err)
	}
	list := status.List{
		ID: listURL, Issuer: university.did, Purposes: []status.Purpose{status.Revocation},
		ValidFrom: now.Add(-time.Minute), ValidUntil: now.Add(time.Hour), TTL: 5 * time.Minute, Bits: bits,
	}
	if change != nil {
		change(&list)
	}
	by := university
	if list.Issuer == mallory.did {
		by = mallory
	}
	data, err := Issue(t.Context(), keys{}, list.Document(), by.securing())
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// verifiedList reads a published list as whoever fetched it does.
func verifiedList(t testing.TB, data []byte) status.List {
	t.Helper()
	v, err := Verify(t.Context(), keys{}, data, Options{Now: now, LeaveStatus: true})
	if err != nil {
		t.Fatal(err)
	}
	list, err := listOf(v)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func listOf(v *Verified) (status.List, error) {
	form, err := vcdm.ReadCredential(v.Document)
	if err != nil {
		return status.List{}, err
	}
	return status.ReadList(form)
}

// look reads what a list says, as a StatusChecker does.
func look(l status.List, issuer string, entries []status.Entry, now time.Time) error {
	findings, err := l.Find(issuer, entries, now)
	if err != nil {
		return err
	}
	return status.Standing(findings)
}

// Hostile input 33.
func TestStatusIndexOutsideTheListIsRefused(t *testing.T) {
	for _, index := range []any{"-1", "+1", "01", "1.0", "", "9223372036854775808", "2147483648", "1048576", 412, nil} {
		doc := offer().Document()
		doc["credentialStatus"] = map[string]any{
			"type": "BitstringStatusListEntry", "statusPurpose": "revocation", "statusListIndex": index, "statusListCredential": listURL,
		}
		_, err := Issue(t.Context(), keys{}, doc, university.securing())
		wantRule(t, err, "status.index")
	}
	list := verifiedList(t, publish(t, nil))
	wantRule(t, look(list, university.did, []status.Entry{at(status.MinEntries, status.Revocation)}, now), "status.index")
	bits, _ := status.NewBitstring(status.MinEntries)
	for _, index := range []int{-1, status.MinEntries, 1 << 62} {
		wantRule(t, bits.Set(index, true), "status.index")
	}
}

func TestStatusBitDecides(t *testing.T) {
	list := verifiedList(t, publish(t, nil))
	if err := look(list, university.did, []status.Entry{at(411, status.Revocation)}, now); err != nil {
		t.Errorf("an unset bit: %v", err)
	}
	wantRule(t, look(list, university.did, []status.Entry{at(412, status.Revocation)}, now), "status.revoked")
	wantRule(t, look(list, university.did, []status.Entry{at(411, status.Revocation), at(412, status.Revocation)}, now), "status.revoked")
	suspended := verifiedList(t, publish(t, func(l *status.List) { l.Purposes = []status.Purpose{status.Suspension} }))
	wantRule(t, look(suspended, university.did, []status.Entry{at(412, status.Suspension)}, now), "status.suspended")
	if list.TTL != 5*time.Minute || !slices.Equal(list.Purposes, []status.Purpose{status.Revocation}) || list.ID != listURL {
		t.Errorf("read %+v", list)
	}
}

// Hostile input 34.
func TestTheWrongStatusListIsRefused(t *testing.T) {
	of := []status.Entry{at(411, status.Revocation)}
	good := verifiedList(t, publish(t, nil))
	wantRule(t, look(good, university.did, of, now.Add(time.Hour)), "status.dates")
	wantRule(t, look(verifiedList(t, publish(t, func(l *status.List) { l.Issuer = mallory.did })), university.did, of, now), "status.issuer")
	wantRule(t, look(verifiedList(t, publish(t, func(l *status.List) { l.ID = "https://issuer.example/status/2" })), university.did, of, now), "status.wrong-list")
	wantRule(t, look(verifiedList(t, publish(t, func(l *status.List) { l.Purposes = []status.Purpose{status.Suspension} })), university.did, of, now), "status.wrong-list")
	wantRule(t, look(good, university.did, []status.Entry{}, now), "status.wrong-list")
	notAList, err := Verify(t.Context(), keys{}, issue(t, offer().Document()), Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	_, err = listOf(notAList)
	wantRule(t, err, "status.type")

	_, err = Verify(t.Context(), keys{}, publish(t, func(l *status.List) { l.ValidUntil = now }), Options{Now: now, LeaveStatus: true})
	wantRule(t, err, "credential.expired")
	forged := edit(t, publish(t, nil), func(doc Document) {
		bits, _ := status.NewBitstring(status.MinEntries)
		subject(doc)["encodedList"] = bits.Encode()
	})
	_, err = Verify(t.Context(), keys{}, forged, Options{Now: now, LeaveStatus: true})
	wantRule(t, err, "credential.signature")
}

// lists is a StatusChecker over one list, as an adapter would be.
type lists struct {
	data []byte
	err  error
}

func (l lists) CheckStatus(ctx context.Context, of *Verified) error {
	if l.err != nil {
		return l.err
	}
	v, err := Verify(ctx, keys{}, l.data, Options{Now: now, LeaveStatus: true})
	if err != nil {
		return err
	}
	list, err := listOf(v)
	if err != nil {
		return err
	}
	return look(list, of.Issuer, of.Status, now)
}

func TestCredentialWithStatusNeedsTheListToSaySo(t *testing.T) {
	draft := offer()
	draft.Status = []status.Entry{at(411, status.Revocation)}
	good := issue(t, draft.Document())
	v, err := Verify(t.Context(), keys{}, good, Options{Now: now, Status: lists{data: publish(t, nil)}})
	if err != nil || v.Status[0] != draft.Status[0] {
		t.Fatalf("%+v, %v", v, err)
	}

	_, err = Verify(t.Context(), keys{}, good, Options{Now: now})
	wantRule(t, err, "credential.unchecked")

	unreachable := fault.New(fault.Unavailable, "status.unreachable", "no answer")
	_, report := Examine(t.Context(), keys{}, good, Options{Now: now, Status: lists{err: unreachable}})
	wantRule(t, report.Err(), "status.unreachable")
	if last := report.Checks[len(report.Checks)-1]; last.Name != CheckStatusLists || last.Outcome != Unfinished {
		t.Errorf("%+v", last)
	}

	draft.Status[0].Index = 412
	data := present(t, presenting(issue(t, draft.Document())))
	opts := presentationOptions()
	opts.Status = lists{data: publish(t, nil)}
	_, err = VerifyPresentation(t.Context(), keys{}, data, opts)
	wantRule(t, err, "status.revoked")
}

package credential

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"testing"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

const listURL = "https://issuer.example/status/1"

func publish(t testing.TB, change func(l *StatusList)) []byte {
	t.Helper()
	bits, err := NewBitstring(MinStatusEntries)
	if err != nil {
		t.Fatal(err)
	}
	if err := bits.Set(412, true); err != nil {
		t.Fatal(err)
	}
	list := StatusList{
		ID: listURL, Issuer: university.did, Purpose: Revocation,
		ValidFrom: now.Add(-time.Minute), ValidUntil: now.Add(time.Hour), TTL: 5 * time.Minute, Bits: bits,
	}
	if change != nil {
		change(&list)
	}
	method := university.method
	if list.Issuer == mallory.did {
		method = mallory.method
	}
	data, err := Issue(t.Context(), keys{}, list.Document(), method, now)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func verifiedList(t testing.TB, data []byte) *Verified {
	t.Helper()
	list, err := Verify(t.Context(), keys{}, data, Options{Now: now, LeaveStatus: true})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func offerWithStatus(entries ...StatusEntry) *Verified {
	return &Verified{Issuer: university.did, Status: entries}
}

func TestBitstringKeepsEveryBit(t *testing.T) {
	bits, err := NewBitstring(MinStatusEntries)
	if err != nil {
		t.Fatal(err)
	}
	for _, index := range []int{0, 7, 8, 131_071} {
		if err := bits.Set(index, true); err != nil {
			t.Fatal(err)
		}
	}
	if bits.bits[0] != 0b1000_0001 {
		t.Errorf("index 0 is not the leftmost bit: %08b", bits.bits[0])
	}
	back, err := DecodeBitstring(bits.Encode())
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(back.bits, bits.bits) {
		t.Error("the list came back changed")
	}
	if err := bits.Set(7, false); err != nil {
		t.Fatal(err)
	}
	if on, _ := bits.Get(7); on {
		t.Error("a bit cannot be cleared")
	}
}

// The example list of Bitstring Status List 1.0, section 3.2: 131,072 bits, none
// of them set.
func TestBitstringOfTheSpecificationIsRead(t *testing.T) {
	bits, err := DecodeBitstring("uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA")
	if err != nil {
		t.Fatal(err)
	}
	if bits.Len() != MinStatusEntries || bytes.Count(bits.bits, []byte{0}) != len(bits.bits) {
		t.Errorf("%d entries", bits.Len())
	}
}

// Hostile input 33.
func TestHostileBitstringsAreRefused(t *testing.T) {
	pack := func(size int) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = w.Write(make([]byte, size))
		_ = w.Close()
		return b.Bytes()
	}
	multibase := func(packed []byte) string { return "u" + base64.RawURLEncoding.EncodeToString(packed) }
	whole := pack(MinStatusEntries / 8)
	for name, encoded := range map[string]string{
		"bomb":        multibase(pack(8 << 20)),
		"too short":   multibase(pack(100)),
		"two streams": multibase(append(bytes.Clone(whole), whole...)),
		"cut short":   multibase(whole[:len(whole)-4]),
		"not gzip":    multibase([]byte("hello")),
		"no prefix":   multibase(whole)[1:],
		"padding":     multibase(whole) + "=",
		"empty":       "",
	} {
		_, err := DecodeBitstring(encoded)
		if fault.RuleOf(err) != "status.encoding" {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// Hostile input 33.
func TestStatusIndexOutsideTheListIsRefused(t *testing.T) {
	for _, index := range []any{"-1", "+1", "01", "1.0", "", "9223372036854775808", "2147483648", "1048576", 412, nil} {
		doc := offer().Document()
		doc["credentialStatus"] = map[string]any{
			"type": typeStatusEntry, "statusPurpose": "revocation", "statusListIndex": index, "statusListCredential": listURL,
		}
		_, err := Issue(t.Context(), keys{}, doc, university.method, now)
		wantRule(t, err, "status.index")
	}
	list := verifiedList(t, publish(t, nil))
	wantRule(t, CheckStatus(list, offerWithStatus(StatusEntry{listURL, MinStatusEntries, Revocation}), now), "status.index")
	bits, _ := NewBitstring(MinStatusEntries)
	for _, index := range []int{-1, MinStatusEntries, 1 << 62} {
		wantRule(t, bits.Set(index, true), "status.index")
	}
}

func TestStatusBitDecides(t *testing.T) {
	list := verifiedList(t, publish(t, nil))
	if err := CheckStatus(list, offerWithStatus(StatusEntry{listURL, 411, Revocation}), now); err != nil {
		t.Errorf("an unset bit: %v", err)
	}
	wantRule(t, CheckStatus(list, offerWithStatus(StatusEntry{listURL, 412, Revocation}), now), "status.revoked")
	wantRule(t, CheckStatus(list, offerWithStatus(StatusEntry{listURL, 411, Revocation}, StatusEntry{listURL, 412, Revocation}), now), "status.revoked")
	suspended := verifiedList(t, publish(t, func(l *StatusList) { l.Purpose = Suspension }))
	wantRule(t, CheckStatus(suspended, offerWithStatus(StatusEntry{listURL, 412, Suspension}), now), "status.suspended")
	read, err := ReadStatusList(list)
	if err != nil || read.TTL != 5*time.Minute || read.Purpose != Revocation || read.ID != listURL {
		t.Errorf("read %+v, %v", read, err)
	}
}

// Hostile input 34.
func TestTheWrongStatusListIsRefused(t *testing.T) {
	of := offerWithStatus(StatusEntry{listURL, 411, Revocation})
	good := verifiedList(t, publish(t, nil))
	wantRule(t, CheckStatus(good, of, now.Add(time.Hour)), "status.dates")
	wantRule(t, CheckStatus(verifiedList(t, publish(t, func(l *StatusList) { l.Issuer = mallory.did })), of, now), "status.issuer")
	wantRule(t, CheckStatus(verifiedList(t, publish(t, func(l *StatusList) { l.ID = "https://issuer.example/status/2" })), of, now), "status.wrong-list")
	wantRule(t, CheckStatus(verifiedList(t, publish(t, func(l *StatusList) { l.Purpose = Suspension })), of, now), "status.wrong-list")
	wantRule(t, CheckStatus(good, offerWithStatus(), now), "status.wrong-list")
	notAList, err := Verify(t.Context(), keys{}, issue(t, offer().Document()), Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	wantRule(t, CheckStatus(notAList, of, now), "status.type")

	_, err = Verify(t.Context(), keys{}, publish(t, func(l *StatusList) { l.ValidUntil = now }), Options{Now: now, LeaveStatus: true})
	wantRule(t, err, "credential.expired")
	forged := edit(t, publish(t, nil), func(doc Document) {
		bits, _ := NewBitstring(MinStatusEntries)
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
	list, err := Verify(ctx, keys{}, l.data, Options{Now: now, LeaveStatus: true})
	if err != nil {
		return err
	}
	return CheckStatus(list, of, now)
}

func TestCredentialWithStatusNeedsTheListToSaySo(t *testing.T) {
	draft := offer()
	draft.Status = []StatusEntry{{listURL, 411, Revocation}}
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

func FuzzDecodeBitstring(f *testing.F) {
	bits, _ := NewBitstring(MinStatusEntries)
	f.Add(bits.Encode())
	f.Add("uH4sIAAAAAAAA")
	f.Fuzz(func(t *testing.T, encoded string) {
		b, err := DecodeBitstring(encoded)
		if err == nil && (b.Len() < MinStatusEntries || b.Len() > MaxStatusEntries) {
			t.Errorf("%d entries", b.Len())
		}
	})
}

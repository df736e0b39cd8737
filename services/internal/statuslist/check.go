package statuslist

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/clock"
	"github.com/kompetansespor/kompetansespor/services/internal/credential"
	"github.com/kompetansespor/kompetansespor/services/internal/did"
	"github.com/kompetansespor/kompetansespor/services/internal/fault"
	"github.com/kompetansespor/kompetansespor/services/internal/jws"
	"github.com/kompetansespor/kompetansespor/services/internal/status"
	"github.com/kompetansespor/kompetansespor/services/internal/vcdm"
)

// maxPublished is the largest status list that is read, in bytes.
const maxPublished = status.MaxTokenBytes

// Checker asks the status lists that credentials name, anew each time: it is
// for decisions, where an old answer is worth nothing. Callers that ask for the
// same list at the same time may share an answer, but none that was on its way
// when they asked. It is the credential engine's StatusChecker, safe for
// concurrent use.
type Checker struct {
	Get interface {
		Get(ctx context.Context, url string, limit int64) ([]byte, http.Header, error)
	}
	Keys  credential.KeyResolver
	Clock clock.Clock

	fetching flights[published]
}

// published is a list whose signature holds: a status.List or a status.Token.
type published interface {
	Find(issuer string, entries []status.Entry, now time.Time) ([]status.Finding, error)
	Until(now time.Time) time.Time
}

// CheckStatus fetches and verifies every list that the credential names. A
// list that cannot be had is Unavailable: then nobody knows, and the
// credential is not valid.
func (c *Checker) CheckStatus(ctx context.Context, of *credential.Verified) error {
	_, err := c.Look(ctx, of)
	return err
}

// Look is CheckStatus that tells what the lists say, messages among it. The
// findings are there whenever the lists were, also of a credential that does
// not stand.
func (c *Checker) Look(ctx context.Context, of *credential.Verified) ([]status.Finding, error) {
	return look(ctx, of, c.Clock.Now(), func(ctx context.Context, entry status.Entry) (published, error) {
		return c.fetching.do(ctx, listKey(entry), func(ctx context.Context) (published, error) {
			_, list, err := c.fetch(ctx, entry)
			return list, err
		})
	})
}

// look asks each list that a credential names once. That the credential is
// revoked or suspended goes before what another list could not tell.
func look(ctx context.Context, of *credential.Verified, now time.Time, list func(context.Context, status.Entry) (published, error)) ([]status.Finding, error) {
	var findings []status.Finding
	var failed error
	asked := map[string]bool{}
	for _, entry := range of.Status {
		if asked[listKey(entry)] {
			continue
		}
		asked[listKey(entry)] = true
		answer, err := list(ctx, entry)
		if err == nil {
			var found []status.Finding
			found, err = answer.Find(of.Issuer, of.Status, now)
			findings = append(findings, found...)
		}
		if failed == nil {
			failed = err
		}
	}
	if err := status.Standing(findings); err != nil {
		return findings, err
	}
	return findings, failed
}

// listKey names a list among others.
func listKey(entry status.Entry) string { return string(entry.Mechanism) + " " + entry.List }

// fetch asks for a list and verifies it.
func (c *Checker) fetch(ctx context.Context, entry status.Entry) ([]byte, published, error) {
	raw, _, err := c.Get.Get(ctx, entry.List, maxPublished)
	if err != nil {
		return nil, nil, fault.Wrap(err, fault.Unavailable, "status.unreachable", "the status list of the credential cannot be reached, so nobody knows whether it still stands")
	}
	list, err := c.verify(ctx, entry, raw)
	return raw, list, err
}

// verify checks who signed a list. Whether it is the right one Find says.
func (c *Checker) verify(ctx context.Context, entry status.Entry, raw []byte) (published, error) {
	if entry.Mechanism == status.TokenList {
		return c.verifyToken(ctx, raw)
	}
	v, err := credential.Verify(ctx, c.Keys, raw, credential.Options{Now: c.Clock.Now(), LeaveStatus: true})
	if err != nil {
		return nil, err
	}
	form, err := vcdm.ReadCredential(v.Document)
	if err != nil {
		return nil, err
	}
	return status.ReadList(form)
}

// verifyToken checks a Status List Token by the key that it names. The DID of
// that key is its issuer.
func (c *Checker) verifyToken(ctx context.Context, compact []byte) (published, error) {
	token, err := jws.Parse(compact, status.TypeToken, maxPublished)
	switch {
	case errors.Is(err, jws.ErrHeader):
		return nil, fault.New(fault.Invalid, "status.type", "the header of the JWS is not that of a status list")
	case err != nil:
		return nil, fault.New(fault.Invalid, "status.form", "the status list is not a compact JWS")
	}
	issuer, _, err := did.Split(token.KeyID)
	if err != nil {
		return nil, err
	}
	list, err := status.ReadToken(token.Payload(), issuer)
	if err != nil {
		return nil, err
	}
	key, err := c.Keys.VerificationKey(ctx, token.KeyID, credential.AssertionMethod, list.IssuedAt)
	if err != nil {
		return nil, err
	}
	if !token.Verify(key) {
		return nil, fault.New(fault.Invalid, "status.signature", "the signature does not fit the status list")
	}
	return list, nil
}

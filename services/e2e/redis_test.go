package e2e

import (
	"fmt"
	"net/http"
	"testing"

	"google.golang.org/grpc/codes"

	walletv1 "github.com/kompetansespor/kompetansespor/proto/gen/kompetansespor/wallet/v1"
	"github.com/kompetansespor/kompetansespor/services/internal/devsetup"
	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

// Redis only answers sooner: a case goes on when it is emptied and when it is
// gone. What it limits is refused beyond the limit, and refused without it.
func TestCaseGoesOnWithoutWhatRedisHeld(t *testing.T) {
	redis := testkit.StartRedis(t)
	s := newStack(t, devsetup.Pilot())
	const walletsPerHour = 3
	for _, name := range devsetup.Services() {
		env := []string{"KOMPETANSESPOR_REDIS_URL=" + redis.URL}
		if name == "wallet" {
			env = append(env, fmt.Sprint("KOMPETANSESPOR_WALLETS_PER_HOUR=", walletsPerHour))
		}
		s.start(name, env...)
	}
	for _, name := range devsetup.Services() {
		s.ready(name)
	}
	ask := func(command string) string {
		t.Helper()
		said, err := redis.Ask(command)
		if err != nil {
			s.fail("%s: %v", command, err)
		}
		return said
	}
	s.accredit()
	e := newExchangeOn(s)

	wallet, held, _ := e.holder()
	caseRef := e.ended(wallet, e.applies(wallet, held)).GetCaseRef()
	if size := ask("DBSIZE"); size == ":0" {
		s.fail("nobody has kept anything in Redis")
	}
	ask("FLUSHALL")
	if err := s.grant(caseRef); err != nil {
		s.fail("grant: %v", err)
	}
	s.booked(caseRef)
	ask("FLUSHALL")
	s.attend(caseRef)
	s.closed(caseRef)
	e.holds(wallet)

	opening := call{walletv1.WalletService_OpenWallet_FullMethodName, e.app, &walletv1.OpenWalletRequest{}}
	s.within(t, "no more wallets in an hour than are configured", func() {
		// What was counted before is forgotten, and an hour may end meanwhile.
		calls := 0
		var last error
		for ; last == nil && calls <= 2*walletsPerHour; calls++ {
			last = s.overGRPC(opening, &walletv1.OpenWalletResponse{})
		}
		if calls <= walletsPerHour {
			s.fail("only %d wallets could be opened", calls-1)
		}
		s.refused(last, codes.ResourceExhausted, "limit.open-wallet")
		if a := s.overREST(opening); a.status != http.StatusTooManyRequests || a.rule != "limit.open-wallet" {
			s.fail("over REST: %d %s", a.status, a.rule)
		}
	})
	s.within(t, "without Redis", func() {
		redis.Stop()
		if err := s.overGRPC(opening, &walletv1.OpenWalletResponse{}); refusalOf(err).code != codes.Unavailable {
			s.fail("a wallet is opened uncounted: %v", err)
		}
		offer, code := e.issue()
		if done := e.ended(wallet, e.accept(wallet, offer.GetInvitationUrl(), code).GetExchangeId()); len(done.GetCredentialIds()) != 1 {
			s.fail("the offer was not collected: %v", done.GetProblem())
		}
	})
}

package verifier

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
	"github.com/kompetansespor/kompetansespor/services/internal/vcapi"
)

// forTools are the routes for tools of officers and agencies: verification over
// the W3C VC API, and DID resolution.
func forTools(s *service.Service, cfg Config) (vcapi.Routes, error) {
	examiner, err := vcapi.Examiner(s.Verifier(cfg.TrustList), cfg.VCAPIExamples)
	if err != nil {
		return nil, err
	}
	often := cache.NewLimiter(s.Cache, s.Clock, "resolve-did", vcapi.ResolutionsPerMinute, time.Minute)
	return vcapi.Join(vcapi.Verifying(examiner), vcapi.Resolving(s.Resolver, often)), nil
}

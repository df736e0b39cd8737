package issuer

import (
	"time"

	"github.com/kompetansespor/kompetansespor/services/internal/cache"
	"github.com/kompetansespor/kompetansespor/services/internal/jsonld"
	"github.com/kompetansespor/kompetansespor/services/internal/service"
	tools "github.com/kompetansespor/kompetansespor/services/internal/vcapi"
	"github.com/kompetansespor/kompetansespor/services/issuer/internal/vcapi"
)

// forTools are the routes for employers' own tools: the W3C VC API, and DID
// resolution.
func forTools(s *service.Service, cfg Config, issuing vcapi.Issuer) (tools.Routes, error) {
	if cfg.VCAPIExamples {
		terms, err := jsonld.Development()
		if err != nil {
			return nil, err
		}
		issuing.Examples = terms
	}
	examiner, err := tools.Examiner(s.Verifier(cfg.TrustList), cfg.VCAPIExamples)
	if err != nil {
		return nil, err
	}
	often := cache.NewLimiter(s.Cache, s.Clock, "resolve-did", tools.ResolutionsPerMinute, time.Minute)
	return tools.Join(tools.Issuing(&issuing), tools.Verifying(examiner), tools.Resolving(s.Resolver, often)), nil
}

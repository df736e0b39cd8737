package fetch

import (
	"net/http"
	"time"
)

// registersWait bounds a request to a register or provider. Their clients have
// deadlines of their own within it.
const registersWait = 10 * time.Second

// Registers makes an HTTP client for the registers and providers that the
// configuration names: they may be on this machine, the environment decides
// nothing, and no redirect is followed. Web carries the requests; nil is a
// transport with bounds.
func Registers(web http.RoundTripper) *http.Client {
	if web == nil {
		web = &http.Transport{
			Proxy: nil, ForceAttemptHTTP2: true,
			DisableCompression: true, // a small answer cannot become a big one
			MaxConnsPerHost:    32, MaxIdleConnsPerHost: 16, IdleConnTimeout: 90 * time.Second,
			TLSHandshakeTimeout: Deadline, ResponseHeaderTimeout: registersWait, MaxResponseHeaderBytes: 16 << 10,
		}
	}
	return &http.Client{Transport: web, Timeout: registersWait, CheckRedirect: stay}
}

// stay follows no redirect.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

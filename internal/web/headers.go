package web

import (
	"net/http"
	"strconv"
	"strings"
)

// PagePolicy is the content security policy of pages that load their scripts,
// styles and pictures from their own origin and nothing else: no inline scripts,
// no frames, no forms to elsewhere.
const PagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// SecurityHeaders sets the headers that keep a browser from doing more with an
// answer than it should. The policy is the Content-Security-Policy; empty means
// "default-src 'none'; frame-ancestors 'none'", right for everything that is no
// page. A handler may replace any of them.
func SecurityHeaders(policy string, next http.Handler) http.Handler {
	if policy == "" {
		policy = "default-src 'none'; frame-ancestors 'none'"
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
		next.ServeHTTP(w, r)
	})
}

// Language chooses "es" or "en" by the Accept-Language header (RFC 9110, section
// 12.5.4): the one with the greater quality, the first of them when they are
// equal, and the fallback when the header names neither.
func Language(r *http.Request, fallback string) string {
	best, quality := fallback, 0.0
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, parameter, _ := strings.Cut(strings.TrimSpace(part), ";")
		language, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if language != "es" && language != "en" {
			continue
		}
		if q := weight(parameter); q > quality {
			best, quality = language, q
		}
	}
	return best
}

// weight reads the quality of one entry of an Accept header, "q=0.7". Without one
// it is 1; one that can't be read, or is not in [0, 1], counts as not wanted.
func weight(parameter string) float64 {
	parameter = strings.TrimSpace(parameter)
	if parameter == "" {
		return 1
	}
	value, found := strings.CutPrefix(strings.ToLower(parameter), "q=")
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if !found || err != nil || !(q >= 0 && q <= 1) {
		return 0
	}
	return q
}

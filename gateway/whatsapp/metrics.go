package whatsapp

import "github.com/prometheus/client_golang/prometheus"

// Metrics are the webhook's counters. No label ever holds anything that came in
// with a request.
type Metrics struct {
	// BadSignatures counts bodies that were refused for their signature.
	BadSignatures prometheus.Counter
	// Unreadable counts signed bodies that are no JSON objects.
	Unreadable prometheus.Counter
	// Unknown counts what was kept without being understood, by kind: "item",
	// "message", "status", "field" or "key".
	Unknown *prometheus.CounterVec
	// Problems counts errors that the channel reports about the account itself.
	Problems prometheus.Counter
}

// NewMetrics makes the counters. They are not registered: that is up to whoever
// serves them, through Collectors.
func NewMetrics() *Metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	return &Metrics{
		BadSignatures: counter("recado_webhook_bad_signatures_total", "Webhooks refused for their signature."),
		Unreadable:    counter("recado_webhook_unreadable_total", "Signed webhooks that are no JSON objects."),
		Unknown: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "recado_webhook_unknown_total", Help: "Parts of webhooks that were kept without being understood, by kind.",
		}, []string{"kind"}),
		Problems: counter("recado_webhook_problems_total", "Errors that the channel reports about the account."),
	}
}

// Collectors are all metrics, to be registered by whoever serves them.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{m.BadSignatures, m.Unreadable, m.Unknown, m.Problems}
}

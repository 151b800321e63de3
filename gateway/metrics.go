package gateway

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the gateway's counters. No label ever holds personal data or
// anything a customer chose.
type Metrics struct {
	// Events counts accepted events by kind, Duplicates those seen before.
	Events     *prometheus.CounterVec
	Duplicates prometheus.Counter
	// AcceptFailures counts commits of the intake that failed.
	AcceptFailures prometheus.Counter
	// Turns counts committed turns by decision and rule, Abandoned the others by
	// outcome.
	Turns     *prometheus.CounterVec
	Abandoned *prometheus.CounterVec
	// Sends counts attempts to send by outcome.
	Sends *prometheus.CounterVec
	// Stages observes the seconds that each stage of a turn took.
	Stages *prometheus.HistogramVec
	// Files counts attempts to fetch customers' files by the state after them.
	Files *prometheus.CounterVec
	// Commands counts what was done with commands to the shop's system, by kind, and
	// Receipts its words on them by outcome.
	Commands *prometheus.CounterVec
	Receipts *prometheus.CounterVec
	// Alerts counts alerts of the channel and of the gateway by kind and level, and
	// Circuit is 1 while nothing is sent from a business number.
	Alerts  *prometheus.CounterVec
	Circuit *prometheus.GaugeVec
	// Looked counts, by right and wrong, the answers of the calibration in use that people
	// looked at, Evidence is what that says against its promise, and PromiseBroken is 1 once
	// it was enough.
	Looked        *prometheus.GaugeVec
	Evidence      prometheus.Gauge
	PromiseBroken prometheus.Gauge
	// PresenceFailures counts typing signs that could not be shown.
	PresenceFailures prometheus.Counter
}

// NewMetrics makes the counters. They are not registered: that is up to whoever
// serves them, through Collectors.
func NewMetrics() *Metrics {
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	return &Metrics{
		Events: vec("recado_events_total", "Accepted events by kind.", "kind"),
		Duplicates: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "recado_duplicate_events_total", Help: "Events that had been accepted before.",
		}),
		AcceptFailures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "recado_accept_failures_total", Help: "Intake commits that failed; the provider sends again.",
		}),
		Turns:     vec("recado_turns_total", "Committed turns by decision and rule.", "decision", "rule"),
		Abandoned: vec("recado_turns_abandoned_total", "Turns without effect by outcome.", "outcome"),
		Sends:     vec("recado_sends_total", "Attempts to send by outcome.", "outcome"),
		Stages: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "recado_stage_seconds", Help: "Seconds that the stages of a turn took.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
		}, []string{"stage"}),
		Files:    vec("recado_files_total", "Attempts to fetch customers' files by state.", "state"),
		Commands: vec("recado_commands_total", "Steps of commands to the shop's system.", "kind", "step"),
		Receipts: vec("recado_receipts_total", "Receipts of the shop's system by outcome.", "outcome"),
		Alerts:   vec("recado_alerts_total", "Alerts of the channel and the gateway.", "kind", "level"),
		Circuit: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "recado_circuit_open", Help: "1 while the channel refuses everything from the business number.",
		}, []string{"channel"}),
		Looked: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "recado_audited_answers", Help: "Answers of the calibration in use that people looked at, by verdict.",
		}, []string{"verdict"}),
		Evidence: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "recado_promise_evidence", Help: "What audited answers say against the promise; 1 is nothing.",
		}),
		PromiseBroken: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "recado_promise_broken", Help: "1 while answers are only suggested, because too many were wrong.",
		}),
		PresenceFailures: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "recado_presence_failures_total", Help: "Typing signs that could not be shown.",
		}),
	}
}

// Collectors are all metrics, to be registered by whoever serves them.
func (m *Metrics) Collectors() []prometheus.Collector {
	return []prometheus.Collector{
		m.Events, m.Duplicates, m.AcceptFailures, m.Turns, m.Abandoned, m.Sends, m.Stages,
		m.Files, m.Commands, m.Receipts, m.Alerts, m.Circuit, m.Looked, m.Evidence, m.PromiseBroken, m.PresenceFailures,
	}
}

func (m *Metrics) accepted(fresh []Event, duplicates int) {
	for _, e := range fresh {
		m.Events.WithLabelValues(string(e.Kind)).Inc()
		if e.Kind == EventAlert && e.Alert != nil {
			m.Alerts.WithLabelValues(e.Alert.Kind, string(e.Alert.Level)).Inc()
		}
	}
	m.Duplicates.Add(float64(duplicates))
}

func (m *Metrics) turn(r Record) {
	m.Turns.WithLabelValues(string(r.Decision.Kind), r.Decision.Rule).Inc()
	for _, s := range r.Stages {
		m.stage(s.Name, s.Took)
	}
}

func (m *Metrics) stage(name string, took time.Duration) {
	m.Stages.WithLabelValues(name).Observe(took.Seconds())
}

// promise tells how the promise stands.
func (m *Metrics) promise(j Judged) {
	m.Looked.WithLabelValues("right").Set(float64(j.Looked - j.Wrong))
	m.Looked.WithLabelValues("wrong").Set(float64(j.Wrong))
	m.Evidence.Set(j.Evidence)
	broken := 0.0
	if j.Broken {
		broken = 1
	}
	m.PromiseBroken.Set(broken)
}

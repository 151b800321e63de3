package gateway

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/confidence"
)

// Promise is what the calibration in use promises of the answers that are sent. It is held
// against what people say of those that were picked for a look.
type Promise struct {
	// Calibration is the name that audits have it under.
	Calibration string
	// Rate is the share of sent answers that may be wrong, and Delta the probability with
	// which that is taken for broken although it is kept. A Rate of 0 or 1 promises
	// nothing, so that nothing can break it.
	Rate, Delta float64
}

const (
	// watchEvery is how often the promise is looked at when nobody tells of a label: those
	// of other replicas.
	watchEvery = time.Minute
	// watchAgain is when it is looked at again after the store failed.
	watchAgain = 5 * time.Second
	// The states of the alert about the promise.
	promiseBroken = "BROKEN"
	promiseKept   = "KEPT"
)

// Judged is how a promise stands.
type Judged struct {
	// Looked counts the answers that somebody looked at, and Wrong those that were wrong.
	Looked, Wrong int
	// Evidence grows while answers are wrong more often than promised. Broken tells that it
	// was enough.
	Evidence float64
	Broken   bool
}

// Judge holds a promise against labelled audits, in the order of their labels: it is what
// whoever looked on all the time saw. share is the one that answers are picked by now.
// Where the chance of a look has changed, each label counts for what it stands for.
func (p Promise) Judge(labelled []Audit, share float64) (Judged, error) {
	j, alarm := Judged{Evidence: 1}, confidence.Alarm{Alpha: p.Rate, Delta: p.Delta}
	if p.Rate <= 0 || p.Rate >= 1 {
		return j, nil
	}
	mine := slices.DeleteFunc(slices.Clone(labelled), func(a Audit) bool { return a.Calibration != p.Calibration || !a.Labelled || a.Chance <= 0 })
	slices.SortStableFunc(mine, func(a, b Audit) int {
		return cmp.Or(a.LabelledAt.Compare(b.LabelledAt), a.At.Compare(b.At), cmp.Compare(a.TurnID, b.TurnID))
	})
	least := 1.0
	if share > 0 {
		least = min(share, 1)
	}
	for _, a := range mine {
		least = min(least, a.Chance)
	}
	for _, a := range mine {
		loss := 0.0
		if !a.Right {
			loss = 1
			j.Wrong++
		}
		j.Looked++
		var err error
		if j.Evidence, j.Broken, err = alarm.Add(loss, least/min(a.Chance, 1)); err != nil {
			return j, fmt.Errorf("judge the promise: %w", err)
		}
	}
	return j, nil
}

// why says in a sentence that the promise is broken.
func (p Promise) why(j Judged) string {
	return fmt.Sprintf("Of %d sent answers that people looked at, %d were wrong: more than the promised share of %.1f %% allows.", j.Looked, j.Wrong, 100*p.Rate)
}

// CheckPromise looks at what people said of answers. Once the promise is broken, answers are
// suggested to people and not sent, until there is another calibration or a label was put
// right. Everything is read from the store, so that neither a restart nor another replica
// forgets it.
func (g *Gateway) CheckPromise(ctx context.Context) error {
	if g.Promise.Rate <= 0 || g.Promise.Rate >= 1 {
		return nil
	}
	list, err := g.labelled(ctx)
	if err != nil {
		return err
	}
	j, err := g.Promise.Judge(list, g.AuditShare)
	if err != nil {
		return err
	}
	g.Metrics.promise(j)
	why := ""
	if j.Broken {
		why = g.Promise.why(j)
	}
	before := g.slipped.Swap(&why)
	switch was := before != nil && *before != ""; {
	case j.Broken && !was:
		g.raise(ctx, Alert{Kind: "promise", Subject: g.Promise.Calibration, State: promiseBroken, Level: AlertCritical, Detail: why})
	case was && !j.Broken:
		g.raise(ctx, Alert{Kind: "promise", Subject: g.Promise.Calibration, State: promiseKept, Level: AlertInfo})
	}
	return nil
}

// labelled reads all audits with a label, without their records.
func (g *Gateway) labelled(ctx context.Context) (all []Audit, err error) {
	for p := (Page{Limit: 200}); ; {
		var list []Audit
		err := within(ctx, func(ctx context.Context) (err error) {
			list, p.After, err = g.Store.Audits(ctx, true, p)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read what people said of answers: %w", err)
		}
		for _, a := range list {
			a.Record = Record{}
			all = append(all, a)
		}
		if p.After == "" {
			return all, nil
		}
	}
}

// watchPromise looks at the promise after each label, and now and then, until the context
// ends.
func (g *Gateway) watchPromise(ctx context.Context) error {
	for ctx.Err() == nil {
		rung, again := g.labels.wait(), watchEvery
		if err := g.CheckPromise(ctx); err != nil && ctx.Err() == nil {
			g.Logger.ErrorContext(ctx, "it could not be found out whether the promise is kept; trying again", "error", err)
			again = watchAgain
		}
		timer := time.NewTimer(again)
		select {
		case <-ctx.Done():
		case <-rung:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

// withhold makes a suggestion of an answer while the promise is broken.
func (g *Gateway) withhold(a rag.Answer) rag.Answer {
	if why := g.slipped.Load(); why != nil && *why != "" {
		a.Suggest, a.Promise, a.Stale = true, "", append(slices.Clone(a.Stale), *why)
	}
	return a
}

// Audits are those of the store; the promise is looked at after each label.
func (g *Gateway) Audits() Audits { return audited{g.Store, g.labels} }

type audited struct {
	store  Audits
	labels *bell
}

// Audits implements Audits.
func (a audited) Audits(ctx context.Context, done bool, p Page) ([]Audit, string, error) {
	return a.store.Audits(ctx, done, p)
}

// Label implements Audits.
func (a audited) Label(ctx context.Context, turnID, agent string, right bool, at time.Time) error {
	err := a.store.Label(ctx, turnID, agent, right, at)
	if err == nil {
		a.labels.ring()
	}
	return err
}

package confidence

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
)

// Audited tells whether a person looks at the answer with this id, and with which
// probability q that was so. The choice is by a hash: the same in every process, and
// nothing of the answer moves it. Keep q with the label; a label stands for 1/q
// answers.
func Audited(id string, share float64) (q float64, picked bool) {
	q = min(1, max(0, share))
	sum := sha256.Sum256([]byte("audit\x00" + id))
	// 53 bits make an even float64 in [0, 1).
	draw := float64(binary.BigEndian.Uint64(sum[:8])>>11) / (1 << 53)
	return q, draw < q
}

// Alarm tells at any moment, after as many looks as one likes, whether answers are
// wrong more often than a share alpha: it bets on every audited answer, and evidence
// that grows to 1/delta is as unlikely as delta while the promise holds (Ville's
// inequality; Waudby-Smith and Ramdas, arXiv:2010.09686).
type Alarm struct {
	// Alpha is the share of audited answers that may be wrong, such as
	// Calibration.AlarmRate gives. Delta is how often the alarm may be false.
	Alpha float64 `json:"alpha"`
	Delta float64 `json:"delta"`
	// Against is the share of errors that it is to find soonest; 0 means twice
	// Alpha.
	Against float64 `json:"against,omitempty"`
	// Evidence is what was won so far; 0 means 1, the start.
	Evidence float64 `json:"evidence"`
	// Raised stays once the evidence was enough.
	Raised bool `json:"raised"`
}

// Add takes one audited answer. loss is 1 for a wrong answer and 0 for a right one.
// weight is in (0, 1]: the least probability of an audit that ever is in force,
// divided by the one with which this answer was picked, so 1 while that never
// changes.
func (a *Alarm) Add(loss, weight float64) (evidence float64, raised bool, err error) {
	if !(a.Alpha > 0 && a.Alpha < 1 && a.Delta > 0 && a.Delta < 1) {
		return a.Evidence, a.Raised, fmt.Errorf("alarm: alpha is %v and delta %v, not shares between 0 and 1", a.Alpha, a.Delta)
	}
	if !(loss >= 0 && loss <= 1 && weight > 0 && weight <= 1) {
		return a.Evidence, a.Raised, fmt.Errorf("alarm: a loss of %v and a weight of %v are not between 0 and 1", loss, weight)
	}
	against := cmp.Or(a.Against, 2*a.Alpha)
	stake := (against - a.Alpha) / (a.Alpha * (1 - a.Alpha))
	// A stake beyond 1/alpha could lose more than there is.
	stake = min(max(0, stake), 1/a.Alpha)
	// The bound keeps a number that was far beyond the alarm from overflowing.
	a.Evidence = min(cmp.Or(a.Evidence, 1)*(1+stake*weight*(loss-a.Alpha)), math.MaxFloat64)
	a.Evidence = max(a.Evidence, math.SmallestNonzeroFloat64)
	a.Raised = a.Raised || a.Evidence >= 1/a.Delta
	return a.Evidence, a.Raised, nil
}

// AlarmRate is the share of answers that may be wrong while the promise holds: alpha
// of the answers, or alpha of all cases spread over those that are answered. It is 1
// when nothing is answered.
func (c *Calibration) AlarmRate() float64 {
	if c.Promise == Selective {
		return c.Alpha
	}
	if c.Coverage <= 0 {
		return 1
	}
	return min(1, c.Alpha/c.Coverage)
}

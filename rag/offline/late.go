package offline

import (
	"slices"
	"time"

	"github.com/recado/recado/rag"
)

var (
	// missesIt matches folded complaints that something should be here by now.
	missesIt = phrases(`(tenia que|tendria que|deberia|debia) (haber |de )?(llegado|llegar|estar|venido|venir)`, `(llega|va|viene) (muy )?(tarde|con retraso)`, `(retraso|retrasad[oa]|tarde)`, `hace (dias|\w+ dias|una semana)`, `(aun|todavia) no (\w+ )?(ha llegado|llega|llego|lo tengo)`,
		`should have( \w+)? (been|arrived|come|got)`, `(is|s|running) (late|overdue|delayed)`, `(late|overdue|delay|delayed)`, `(supposed|meant) to( \w+)? (be|have been|come|arrive|get)( \w+)?`, `days ago`, `(hasn t|has not|still not|not) (arrived|here|come)( \w+)?`, `still waiting`)
	// lateHeading matches the heading over what the shop does about late parcels.
	lateHeading = phrases(`(tarde|retraso|retrasad[oa]s?|retrasos)`, `(late|delayed|delays?|overdue)`)
)

// late tells whether an order should have come before a day and has not.
func late(o rag.Order, now time.Time) bool {
	due, ok := parseDay(o.ETA)
	return ok && !now.IsZero() && due.Before(dayOf(now)) && stateOf(o.Status).due && !closed(o.Status)
}

// missesLate tells whether somebody complains that what they name, or their parcel, is not
// there, and an order of theirs is late that may be it.
func (m *Model) missesLate(folded string, r rag.Request) bool {
	if !missesIt.MatchString(folded) || asksHow.MatchString(folded) {
		return false
	}
	meant := m.withItem(r)
	if len(meant) == 0 && ownThing.MatchString(folded) {
		meant = r.Orders.Orders
	}
	return slices.ContainsFunc(meant, func(o rag.Order) bool { return late(o, r.At) })
}

// aboutLateness adds to what is said of a late order what the shop does about it, where the
// customer complains and a passage says so.
func (m *Model) aboutLateness(folded string, r rag.Request, o rag.Order) (rag.Draft, bool) {
	if !missesIt.MatchString(folded) || !late(o, r.At) {
		return rag.Draft{}, false
	}
	r.Passages = slices.DeleteFunc(slices.Clone(r.Passages), func(p rag.Passage) bool {
		return p.Locale != r.Locale || !lateHeading.MatchString(fold(lastHeading(p.Heading)+" "+p.Question))
	})
	r.Query = inLanguage(r.Locale, "Mi paquete llega tarde, ¿abrís una reclamación?", "My parcel is late, do you open a claim?")
	draft := m.extract(r)
	return draft, draft.Answer != ""
}

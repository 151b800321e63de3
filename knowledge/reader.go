package knowledge

import "slices"

// Reader is for whom and for when a query asks, the part of it that documents are told
// apart by. Many queries have the same.
type Reader struct {
	agent       bool
	market, day string
}

// Reader is the one who asks.
func (q Query) Reader() Reader {
	return Reader{q.Audience == AudienceAgent, q.Market, q.Day}
}

// Allows says whether the reader may find passages of a document of which Meta says who
// may read it and when it holds.
func (r Reader) Allows(m Meta) bool {
	switch {
	case m.Audience == AudienceAgent && !r.agent:
		return false
	case r.market != AnyMarket && len(m.Markets) > 0 && !slices.Contains(m.Markets, r.market):
		return false
	}
	return r.day == "" || m.ValidFrom <= r.day && (m.ValidTo == "" || m.ValidTo >= r.day)
}

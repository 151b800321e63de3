package whatsapp

import (
	"cmp"

	"github.com/recado/recado/gateway"
)

// origin reads what a message holds beside its content: what it answers, where it
// comes from, and what the channel could not give.
func origin(message *gateway.Message, m object) {
	if context := m.obj("context"); context != nil {
		message.QuotedID = context.str("id")
		message.Forwarded = forwarded(context)
		message.Product = product(context.obj("referred_product"))
	}
	message.Referral = referral(m.obj("referral"))
	message.Problem = problem(message.Type, m)
}

func forwarded(context object) string {
	for _, mark := range []string{"frequently_forwarded", "forwarded"} {
		if context.str(mark) == "true" {
			return mark
		}
	}
	return ""
}

func product(o object) *gateway.Product {
	p := gateway.Product{CatalogID: o.str("catalog_id"), ProductID: o.str("product_retailer_id")}
	if p == (gateway.Product{}) {
		return nil
	}
	return &p
}

// referral is the ad or post that was tapped. Of its picture and video, the kind that
// it says it has counts.
func referral(o object) *gateway.Referral {
	if o == nil {
		return nil
	}
	shows := cmp.Or(o.str("image_url"), o.str("video_url"), o.str("thumbnail_url"))
	if o.str("media_type") == "video" {
		shows = cmp.Or(o.str("video_url"), o.str("thumbnail_url"), shows)
	}
	r := gateway.Referral{
		Kind: o.str("source_type"), SourceID: o.str("source_id"), URL: o.str("source_url"),
		Headline: o.str("headline"), Body: o.str("body"), MediaURL: shows,
		ClickID: o.str("ctwa_clid"), Welcome: o.obj("welcome_message").str("text"),
	}
	if r == (gateway.Referral{}) {
		return nil
	}
	return &r
}

// problem is why the content is missing or not whole, or nil.
func problem(kind string, m object) *gateway.SendError {
	failures := m.objects("errors")
	if kind != "unsupported" {
		if len(failures) == 0 {
			return nil
		}
		return sendError(failures[0])
	}
	if len(failures) == 0 {
		unsupported, _ := decode([]byte(`{"code":131051}`))
		failures = []object{unsupported}
	}
	e := sendError(failures[0])
	// What it was is all that is known of it.
	switch what := cut(m.obj("unsupported").str("type"), maxState); {
	case what == "":
	case e.Detail == "":
		e.Detail = what
	default:
		e.Detail = what + ": " + e.Detail
	}
	return e
}

package postgres

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/recado/recado/gateway"
)

// contacts finds out who is who among the identities of a batch of events. A user
// id belongs to one contact for ever. A phone number belongs to who had it last:
// when it comes with another user id it has a new owner, who must not see what
// the one before wrote. A contact with nothing but that number becomes one with
// the user.
type contacts struct {
	// owner is the contact of each key.
	owner map[string]string
	// fresh are contacts that are not in the database yet, with the time of their
	// first event.
	fresh map[string]time.Time
	// moved are the keys whose owner is not what the database says.
	moved map[string]bool
	// merged says into which contact another was merged.
	merged map[string]string
	// lost are the phone numbers that contacts had before.
	lost []departure
	// took tells that the identity found last has a key that was another's, or that
	// somebody has left: who writes may be somebody new.
	took bool
}

// departure is a phone number that is not the contact's any more.
type departure struct{ contact, phone string }

func newContacts() *contacts {
	return &contacts{
		owner: map[string]string{}, fresh: map[string]time.Time{},
		moved: map[string]bool{}, merged: map[string]string{},
	}
}

// named says whether a contact has a user id other than this key.
func (c *contacts) named(contact, key string) bool {
	for k, owner := range c.owner {
		if owner == contact && k != key && strings.HasPrefix(k, "user:") {
			return true
		}
	}
	return false
}

// find gives the contact of an identity and learns from it.
func (c *contacts) find(id gateway.Identity, at time.Time) string {
	contact := c.known(id)
	if contact == "" {
		contact = gateway.NewID()
		c.fresh[contact] = at
	}
	c.took = false
	for _, key := range id.Keys() {
		c.give(key, contact)
	}
	return contact
}

// give makes a key the contact's, and notes whom it is taken from. A key that is
// known to be nobody's was somebody's before.
func (c *contacts) give(key, contact string) {
	old, known := c.owner[key]
	if old == contact {
		return
	}
	c.took = c.took || known
	c.leave(key, old)
	c.owner[key], c.moved[key] = contact, true
}

// leave notes that a key is not the contact's any more.
func (c *contacts) leave(key, contact string) {
	if phone, ok := strings.CutPrefix(key, "phone:"); ok && contact != "" {
		c.lost = append(c.lost, departure{contact, phone})
	}
}

// known gives the contact that an identity names, or "".
func (c *contacts) known(id gateway.Identity) string {
	keys := id.Keys()
	contact := c.owner[keys[0]]
	if len(keys) == 2 {
		contact = c.join(contact, c.owner[keys[1]], keys[0])
	}
	return contact
}

// succeed gives the number of a user to the contact that was named was and has it from
// now on, as far as nothing says that the two are one person.
func (c *contacts) succeed(is, was gateway.Identity) {
	if is.Phone == "" || was.IsZero() {
		return
	}
	key := "phone:" + is.Phone
	user := c.owner[key]
	if user == "" || !c.named(user, "") || is.UserID != "" && c.owner["user:"+is.UserID] == user {
		return
	}
	if contact := c.known(was); contact != "" && c.owner[key] == user {
		c.give(key, contact)
	}
}

// rename gives the contact all that names the contact that was named was, and makes
// those of was nobody's that is has not. Whoever has them next is somebody new.
func (c *contacts) rename(contact string, is, was gateway.Identity) string {
	if old := c.known(was); old != "" && old != contact {
		contact = c.merge(contact, old)
	}
	for _, key := range was.Keys() {
		if c.owner[key] == contact && !slices.Contains(is.Keys(), key) {
			c.leave(key, contact)
			c.owner[key], c.moved[key] = "", true
		}
	}
	return contact
}

// whole is an identity with the key that the message left out, as far as the contact
// has one: the one that they wrote from last, if it is still theirs.
func (c *contacts) whole(contact string, who, last gateway.Identity) gateway.Identity {
	find := func(prefix, last string) string {
		if last != "" && c.owner[prefix+last] == contact {
			return last
		}
		var first string
		for key, owner := range c.owner {
			value, ok := strings.CutPrefix(key, prefix)
			if ok && owner == contact && (first == "" || value < first) {
				first = value
			}
		}
		return first
	}
	if who.UserID == "" {
		who.UserID = find("user:", last.UserID)
	}
	if who.Phone == "" {
		who.Phone = find("phone:", last.Phone)
	}
	return who
}

// join decides whose an identity with both keys is, given the contacts that the
// keys led to.
func (c *contacts) join(user, phone, userKey string) string {
	switch {
	case phone == "" || phone == user:
		return user
	case c.named(phone, userKey):
		return user // the number has moved; an unknown user is a new contact
	case user == "":
		return phone
	}
	return c.merge(user, phone)
}

// merge makes two contacts one: the one that is older in the database.
func (c *contacts) merge(a, b string) string {
	_, newA := c.fresh[a]
	_, newB := c.fresh[b]
	kept, gone := a, b
	if !newB && (newA || b < a) {
		kept, gone = b, a
	}
	for key, owner := range c.owner {
		if owner == gone {
			c.owner[key], c.moved[key] = kept, true
		}
	}
	c.merged[gone] = kept
	return kept
}

// final is what a contact has become after the whole batch.
func (c *contacts) final(contact string) string {
	for c.merged[contact] != "" {
		contact = c.merged[contact]
	}
	return contact
}

// load reads the contacts of the keys with all keys they have. A key that somebody
// has left has none.
func (c *contacts) load(ctx context.Context, tx pgx.Tx, keys []string) error {
	const query = `select key, contact_id from gateway_identities
		where contact_id in (select contact_id from gateway_identities where key = any($1))
		union all
		select key, contact_id from gateway_identities where key = any($1) and contact_id is null`
	found, err := tx.Query(ctx, query, keys)
	if err != nil {
		return err
	}
	var key, contact string
	_, err = pgx.ForEachRow(found, []any{scan(&key), scan(&contact)}, func() error {
		c.owner[key] = contact
		return nil
	})
	return err
}

// save writes what was learned, and merges the conversations of merged contacts.
func (c *contacts) save(ctx context.Context, tx pgx.Tx, now time.Time) error {
	batch := &pgx.Batch{}
	var ids []string
	var since []pgtype.Timestamptz
	for _, id := range slices.Sorted(maps.Keys(c.fresh)) {
		if c.merged[id] == "" {
			ids, since = append(ids, id), append(since, present(c.fresh[id]))
		}
	}
	if len(ids) > 0 {
		batch.Queue(`insert into gateway_contacts (id, created_at) select * from unnest($1::text[], $2::timestamptz[])`, ids, since)
	}
	var keys, owners []string
	for _, key := range slices.Sorted(maps.Keys(c.moved)) {
		keys, owners = append(keys, escape(key)), append(owners, c.owner[key])
	}
	if len(keys) > 0 {
		batch.Queue(`insert into gateway_identities (key, contact_id) select i.key, nullif(i.contact_id, '') from unnest($1::text[], $2::text[]) as i (key, contact_id)
			on conflict (key) do update set contact_id = excluded.contact_id`, keys, owners)
	}
	if err := send(ctx, tx, batch); err != nil {
		return fmt.Errorf("save contacts: %w", err)
	}
	for _, gone := range slices.Sorted(maps.Keys(c.merged)) {
		if _, fresh := c.fresh[gone]; fresh {
			continue
		}
		if err := mergeContacts(ctx, tx, c.final(gone), gone, now); err != nil {
			return fmt.Errorf("merge contacts: %w", err)
		}
	}
	return nil
}

// mergeContacts gives the conversations of one contact to the other. On a channel
// where both have one, the newer becomes part of the older.
func mergeContacts(ctx context.Context, tx pgx.Tx, kept, gone string, now time.Time) error {
	list, err := lockConversations(ctx, tx, []string{kept, gone}, nil, nil)
	if err != nil {
		return err
	}
	byChannel := map[string]*conversation{}
	var doubted time.Time    // a doubt about one of them is one about both
	for _, c := range list { // the older first
		doubted = later(doubted, c.DoubtedAt)
		older := byChannel[c.Channel]
		if older == nil {
			byChannel[c.Channel] = c
			continue
		}
		if err := fold(ctx, tx, older, c, now); err != nil {
			return err
		}
	}
	for _, c := range byChannel {
		c.ContactID, c.timed, c.DoubtedAt = kept, true, doubted
		if !doubted.IsZero() {
			c.Memory = c.Memory.Doubted()
		}
	}
	if err := save(ctx, tx, slices.SortedFunc(maps.Values(byChannel), byID)); err != nil {
		return err
	}
	if err := joinAgreements(ctx, tx, kept, gone); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `delete from gateway_contacts where id = $1`, gone)
	return err
}

func byID(a, b *conversation) int { return cmp.Compare(a.ID, b.ID) }

// fold makes the newer conversation part of the older one. Whoever makes a turn
// of either loses the lease. Of two open handoffs the one of the conversation
// that prevails stays open.
func fold(ctx context.Context, tx pgx.Tx, older, newer *conversation, now time.Time) error {
	prevails := older.absorb(newer)
	batch := &pgx.Batch{}
	batch.Queue(`update gateway_events set conversation_id = $1, seq = seq + $3 where conversation_id = $2`,
		older.ID, newer.ID, older.filed)
	batch.Queue(`update gateway_outgoing set conversation_id = $1 where conversation_id = $2`, older.ID, newer.ID)
	if older.Mode == gateway.ModeAgent {
		queueCancel(batch, older.ID)
	}
	batch.Queue(`update gateway_turns set conversation_id = $1 where conversation_id = $2`, older.ID, newer.ID)
	batch.Queue(`update gateway_commands set conversation_id = $1 where conversation_id = $2`, older.ID, newer.ID)
	batch.Queue(`update gateway_labels set conversation_id = $1 where conversation_id = $2`, older.ID, newer.ID)
	batch.Queue(`update gateway_handoffs set state = 'resolved', updated_at = $4
		where conversation_id in ($1, $2) and conversation_id <> $3 and state in ('queued', 'claimed')
			and exists (select from gateway_handoffs where conversation_id = $3 and state in ('queued', 'claimed'))`,
		older.ID, newer.ID, prevails, present(now))
	batch.Queue(`update gateway_handoffs set conversation_id = $1 where conversation_id = $2`, older.ID, newer.ID)
	batch.Queue(`delete from gateway_conversations where id = $1`, newer.ID)
	batch.Queue(`update gateway_conversations set lease = null, leased_until = null where id = $1`, older.ID)
	older.filed += newer.filed
	return send(ctx, tx, batch)
}

// absorb takes over the state of a newer conversation with the same person, and
// says which of the two decides who answers: people before the bot.
func (c *conversation) absorb(newer *conversation) (prevails string) {
	prevails = c.ID
	weight := map[gateway.Mode]int{gateway.ModeBot: 1, gateway.ModeQueued: 2, gateway.ModeAgent: 3}
	if weight[newer.Mode] > weight[c.Mode] {
		prevails, c.Mode, c.Agent = newer.ID, newer.Mode, newer.Agent
	}
	c.Epoch = max(c.Epoch, newer.Epoch) + 1
	if newer.LastCustomerAt.After(c.LastCustomerAt) {
		c.Memory = newer.Memory.Join(c.Memory)
		c.LastCustomerAt, c.Contact = newer.LastCustomerAt, newer.Contact
		c.Name, c.Language = cmp.Or(newer.Name, c.Name), cmp.Or(newer.Language, c.Language)
		c.Fallbacks, c.Clarified = newer.Fallbacks, newer.Clarified
	} else {
		c.Memory = c.Memory.Join(newer.Memory)
	}
	if newer.UnreachableAt.After(c.UnreachableAt) {
		c.UnreachableAt, c.Unreachable = newer.UnreachableAt, newer.Unreachable
	}
	if newer.Marketing != "" && !newer.marketingAt.Before(c.marketingAt) {
		c.Marketing, c.marketingAt = newer.Marketing, newer.marketingAt
	}
	c.DoubtedAt = later(c.DoubtedAt, newer.DoubtedAt)
	c.UpdatedAt = later(c.UpdatedAt, newer.UpdatedAt)
	return prevails
}

// lockConversations reads and locks all conversations of contacts: of those given, of
// those that the conversations with the given ids belong to, and of those that a
// conversation belongs to with an unreachable customer who was reached. The oldest
// come first.
func lockConversations(ctx context.Context, tx pgx.Tx, contacts, ids, reached []string) ([]*conversation, error) {
	found, err := tx.Query(ctx, `select `+conversationColumns+` from gateway_conversations c
		where c.contact_id = any($1::text[] || array(select s.contact_id from gateway_conversations s
			where s.id = any($2) or s.id = any($3) and s.unreachable_at is not null))
		order by c.id for no key update`, contacts, ids, reached)
	if err != nil {
		return nil, fmt.Errorf("lock conversations: %w", err)
	}
	list, err := pgx.CollectRows(found, scanConversation)
	if err != nil {
		return nil, fmt.Errorf("lock conversations: %w", err)
	}
	return list, nil
}

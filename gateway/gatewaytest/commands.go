package gatewaytest

import (
	"errors"
	"slices"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

func commandTests() []test {
	return []test{
		{"CommandIsWhole", testCommandWhole},
		{"CommandsOfOneIDAreOne", testCommandOnce},
		{"CommandsKeepTheOrder", testCommandOrder},
		{"CommandAfterALostLease", testCommandLost},
		{"CommandIsOverdue", testCommandOverdue},
		{"SecretIsWiped", testSecret},
		{"ReceiptTakesEffect", testReceipt},
		{"ReceiptBeforePublished", testReceiptEarly},
		{"ReceiptThatRefuses", testReceiptRefused},
		{"ReceiptDuringTheTurn", testReceiptDuringTurn},
		{"ReceiptOfATakenConversation", testReceiptTaken},
		{"ExpireTakesEffect", testExpire},
		{"ReceiptAfterExpire", testReceiptLate},
		{"CommandsFollowTheContact", testCommandsMerged},
		{"CommandsEndOnce", testCommandsEndOnce},
		{"MemoryIsKept", testMemory},
		{"MemoryOfAMerge", testMemoryMerged},
		{"DoubtTakesTheLevel", testMemoryDoubted},
		{"DoubtDuringTheTurn", testMemoryDoubtedTurn},
		{"VerifyGivesTheLevel", testMemoryVerified},
		{"CommitKeepsMarketing", testMarketing},
	}
}

// receiptAfter is how long the shop's system has for a receipt.
const receiptAfter = 5 * time.Minute

// command is one that a turn makes, with all that it can hold.
func (b *bundle) command(t gateway.Turn) gateway.Command {
	return gateway.Command{
		ID: gateway.NewID(), ConversationID: t.Conversation.ID, Channel: channel, Customer: t.Conversation.Contact,
		Call: action.Call{
			Kind: action.ChangeAddress, Order: "TA-4117", Items: []string{"Flexo Lumen"}, Address: "Calle Mayor 3\x00, 2.º", Reason: "me mudo",
		},
		Version: "v-1", Level: assure.Code, TurnID: t.Record.ID, CreatedAt: b.now, Deadline: b.now.Add(receiptAfter),
	}
}

// order lets a customer confirm something: the turn tells them and makes the command.
func (b *bundle) order(who gateway.Identity) gateway.Command {
	b.Helper()
	c := b.say(who, "sí")
	t := b.turn(c)
	command := b.command(t)
	t.Commands = []gateway.Command{command}
	t.Conversation.Memory.Awaiting++
	b.commit(c, t)
	return command
}

func (b *bundle) nextCommand() *gateway.Command {
	b.Helper()
	c, err := b.store.NextCommand(b.Context(), b.now, lease)
	b.ok("next command", err)
	return c
}

// noCommand checks that no command is due.
func (b *bundle) noCommand() {
	b.Helper()
	if c, err := b.store.NextCommand(b.Context(), b.now, lease); !errors.Is(err, gateway.ErrNoWork) {
		b.Errorf("next command: got %v, %v; want ErrNoWork", c, err)
	}
}

// publish takes the next command and has the shop's system read it.
func (b *bundle) publish() *gateway.Command {
	b.Helper()
	c := b.nextCommand()
	b.ok("published", b.store.Published(b.Context(), c))
	return c
}

func receiptOf(c gateway.Command, o action.Outcome) action.Receipt {
	return action.Receipt{
		ID: "r-" + c.ID, CommandID: c.ID, Kind: c.Call.Kind, Order: c.Call.Order, Outcome: o, Reference: "DEV-81",
		Facts: map[string]string{"by": "2026-12-01\x00"}, Reason: "status", At: c.CreatedAt.Add(time.Second),
	}
}

func (b *bundle) receive(r action.Receipt) {
	b.Helper()
	b.ok("receive", b.store.Receive(b.Context(), r, b.now))
}

func (b *bundle) commands(conversationID string) []gateway.CommandView {
	b.Helper()
	list, err := b.store.Commands(b.Context(), conversationID)
	b.ok("commands", err)
	return list
}

// bare is a command as people see it before anything has happened to it.
func bareCommand(c gateway.Command) gateway.CommandView {
	c.Secret = ""
	return gateway.CommandView{Command: c}
}

func testCommandWhole(b *bundle) {
	b.noCommand()
	revision := b.revision()
	want := b.order(both())
	if b.revision() <= revision {
		b.Error("the revision doesn't grow with a command")
	}
	b.same("commands", b.commands(want.ConversationID), []gateway.CommandView{bareCommand(want)})
	got := b.nextCommand()
	if got.Lease == "" {
		b.Error("no lease")
	}
	want.Attempt, want.Lease = 1, got.Lease
	b.same("command", *got, want)
	b.noCommand()
	for _, id := range []string{"", "x", gateway.NewID(), "'"} {
		_, err := b.store.Commands(b.Context(), id)
		b.fails("commands of nobody", err, gateway.ErrNotFound)
	}
}

// testCommandOnce has the customer tap yes twice: what is confirmed has one id.
func testCommandOnce(b *bundle) {
	first := b.order(ana())
	c := b.say(ana(), "sí")
	t := b.turn(c, "Ya está en marcha.")
	again := b.command(t)
	again.ID, again.Call.Order = first.ID, "TA-9"
	t.Commands = []gateway.Command{again}
	b.commit(c, t)
	b.same("commands", b.commands(first.ConversationID), []gateway.CommandView{bareCommand(first)})
	b.same("order", b.publish().Call.Order, "TA-4117")
	b.noCommand()
	// A turn that is refused makes none.
	c = b.say(ana(), "y otra cosa")
	t = b.turn(c)
	t.Commands = []gateway.Command{b.command(t)}
	b.accept(b.message(ana(), "mejor no"))
	b.fails("commit", b.store.Commit(b.Context(), c, t), gateway.ErrSuperseded)
	b.noCommand()
	b.same("commands", len(b.commands(first.ConversationID)), 1)
}

func testCommandOrder(b *bundle) {
	one, two := b.order(ana()), b.order(ben())
	first := b.nextCommand()
	b.same("longest due", first.ID, one.ID)
	b.ok("retry", b.store.RetryCommand(b.Context(), first, b.now.Add(10*time.Second)))
	b.fails("retry again", b.store.RetryCommand(b.Context(), first, b.now), gateway.ErrLeaseLost)
	b.same("next", b.publish().ID, two.ID)
	b.noCommand()
	b.advance(10*time.Second - time.Millisecond)
	b.noCommand()
	b.advance(time.Millisecond)
	again := b.nextCommand()
	b.same("tried again", again.ID, one.ID)
	b.same("attempt", again.Attempt, 2)
	b.same("overdue", again.Overdue, false)
}

func testCommandLost(b *bundle) {
	b.order(ana())
	first := b.nextCommand()
	b.advance(lease - time.Millisecond)
	b.noCommand()
	b.advance(time.Millisecond)
	second := b.nextCommand()
	b.same("command", second.ID, first.ID)
	b.same("attempt", second.Attempt, 2)
	if first.Lease == second.Lease {
		b.Error("two leases with one token")
	}
	for what, err := range map[string]error{
		"published": b.store.Published(b.Context(), first), "retry": b.store.RetryCommand(b.Context(), first, b.now),
		"expire": b.store.Expire(b.Context(), first, b.now),
	} {
		b.fails(what+" of a lost lease", err, gateway.ErrLeaseLost)
	}
	b.noCommand()
	b.ok("published", b.store.Published(b.Context(), second))
	b.fails("published again", b.store.Published(b.Context(), second), gateway.ErrLeaseLost)
	unknown := gateway.Command{ID: gateway.NewID(), Lease: second.Lease}
	b.fails("published by nobody", b.store.Published(b.Context(), &unknown), gateway.ErrLeaseLost)
	b.fails("expire nothing", b.store.Expire(b.Context(), &unknown, b.now), gateway.ErrLeaseLost)
}

func testCommandOverdue(b *bundle) {
	c := b.order(ana())
	revision, published := b.revision(), b.now
	b.publish()
	if b.revision() <= revision {
		b.Error("the revision doesn't grow when a command is published")
	}
	b.same("published", b.commands(c.ConversationID)[0].PublishedAt, published)
	b.advance(receiptAfter - time.Millisecond)
	b.noCommand()
	b.advance(time.Millisecond)
	late := b.nextCommand()
	b.same("overdue", late.Overdue, true)
	b.same("attempt", late.Attempt, 1)
	b.ok("retry", b.store.RetryCommand(b.Context(), late, b.now.Add(time.Second)))
	b.noCommand()
	b.advance(time.Second)
	b.same("overdue again", b.nextCommand().Overdue, true)
	b.noCommand()
	b.advance(lease)
	b.same("overdue after a lost lease", b.nextCommand().Overdue, true)
}

// testSecret has a one-time code on its way: whoever publishes has it, nobody sees it,
// and it is nowhere any more once the command is published or ended.
func testSecret(b *bundle) {
	send := func() gateway.Command {
		c := b.say(ana(), "sí")
		t := b.turn(c)
		command := b.command(t)
		command.Call, command.Secret = action.Call{Kind: action.SendCode}, "402913"
		t.Commands = []gateway.Command{command}
		b.commit(c, t)
		return command
	}
	c := send()
	b.same("secret", b.nextCommand().Secret, "402913")
	b.advance(lease)
	b.same("secret after a lost lease", b.nextCommand().Secret, "402913")
	b.advance(lease)
	b.publish()
	b.advance(receiptAfter)
	late := b.nextCommand()
	b.same("secret of an overdue one", late.Secret, "")
	b.same("secret that people see", b.commands(c.ConversationID)[0].Command.Secret, "")
	b.ok("expire", b.store.Expire(b.Context(), late, b.now))
	c = send()
	b.same("secret that people see", b.commands(c.ConversationID)[1].Command.Secret, "")
	b.receive(receiptOf(c, action.Done))
	b.noCommand()
	b.advance(time.Hour)
	b.noCommand()
}

// affected checks that the end of a command changed what it should.
func (b *bundle) affected(before gateway.Conversation, want gateway.Effect) {
	b.Helper()
	after := b.conversation(before.ID)
	b.same("memory", after.Memory, want.Memory)
	if after.Epoch <= before.Epoch {
		b.Errorf("epoch %d after %d: a turn under way has to be refused", after.Epoch, before.Epoch)
	}
	list := b.messages(before.ID)
	for _, o := range want.Outgoing {
		if !slices.ContainsFunc(list, func(m gateway.MessageView) bool { return m.ID == o.ID && m.Text == o.Text }) {
			b.Errorf("the customer is not told %q", o.Text)
		}
	}
	records := b.records(before.ID)
	b.same("record", records[len(records)-1], *want.Record)
	opened := slices.ContainsFunc(b.handoffs(gateway.HandoffQueued), func(h gateway.Handoff) bool { return h.ConversationID == before.ID })
	owned := before.Mode == gateway.ModeAgent || before.Mode == gateway.ModeQueued
	if !owned && opened != (want.Handoff != nil) {
		b.Errorf("a handoff is open: %v", opened)
	}
	if mode := after.Mode; owned && mode != before.Mode || !owned && (mode == gateway.ModeQueued) != (want.Handoff != nil) {
		b.Errorf("mode %s after %s", mode, before.Mode)
	}
}

func testReceipt(b *bundle) {
	c := b.order(ana())
	b.publish()
	before, revision := b.conversation(c.ConversationID), b.revision()
	b.advance(time.Second)
	r := receiptOf(c, action.Done)
	b.receive(r)
	b.affected(before, gateway.ApplyReceipt(before, c, false, r, b.now))
	if b.revision() <= revision {
		b.Error("the revision doesn't grow with a receipt")
	}
	b.same("told", b.next().TurnID, b.records(before.ID)[1].ID)
	after, said := b.conversation(before.ID), b.messages(before.ID)
	b.same("awaited", after.Memory.Awaiting, 0)
	// The same again, and another one, change nothing.
	b.advance(time.Second)
	other := receiptOf(c, action.Failed)
	other.ID = "another"
	revision = b.revision()
	b.receive(r)
	b.receive(other)
	b.crash()
	b.receive(r)
	b.same("conversation", b.conversation(before.ID), after)
	b.same("messages", b.messages(before.ID), said)
	b.same("revision", b.revision(), revision)
	view := b.commands(before.ID)[0]
	b.same("receipt", view.Receipt, &r)
	b.same("expired", view.ExpiredAt, time.Time{})
	b.advance(time.Hour)
	b.noCommand()
	for _, id := range []string{"", "x", gateway.NewID()} {
		b.fails("receipt of nothing", b.store.Receive(b.Context(), action.Receipt{ID: "r", CommandID: id}, b.now), gateway.ErrNotFound)
	}
}

// testReceiptEarly has the shop's system be faster than the note that it can read the
// command.
func testReceiptEarly(b *bundle) {
	c := b.order(ana())
	leased := b.nextCommand()
	b.advance(time.Second)
	b.receive(receiptOf(c, action.Done))
	b.ok("published", b.store.Published(b.Context(), leased))
	view := b.commands(c.ConversationID)[0]
	b.same("published", view.PublishedAt.IsZero(), false)
	b.same("receipt", view.Receipt.Outcome, action.Done)
	b.fails("expire", b.store.Expire(b.Context(), leased, b.now), gateway.ErrLeaseLost)
	b.advance(time.Hour)
	b.noCommand()
	// While it is looked at as overdue.
	c = b.order(ana())
	b.publish()
	b.advance(receiptAfter)
	late := b.nextCommand()
	b.receive(receiptOf(c, action.Done))
	before := b.conversation(c.ConversationID)
	b.fails("expire", b.store.Expire(b.Context(), late, b.now), gateway.ErrLeaseLost)
	b.same("conversation", b.conversation(before.ID), before)
	b.advance(time.Hour)
	b.noCommand()
}

func testReceiptRefused(b *bundle) {
	c := b.order(ana())
	b.publish()
	before := b.conversation(c.ConversationID)
	b.advance(time.Second)
	r := receiptOf(c, action.Refused)
	want := gateway.ApplyReceipt(before, c, false, r, b.now)
	b.receive(r)
	b.affected(before, want)
	list := b.handoffs(gateway.HandoffQueued)
	b.same("handoffs", list, []gateway.Handoff{*want.Handoff})
	b.same("reason", list[0].Reason, gateway.ReasonRefused)
	// A second one doesn't open a second handoff.
	claim := b.say(ana(), "¿y?")
	b.same("mode", claim.Conversation.Mode, gateway.ModeQueued)
	t := b.turn(claim)
	t.Commands = []gateway.Command{b.command(t)}
	b.commit(claim, t)
	b.publish()
	before = b.conversation(before.ID)
	b.receive(receiptOf(t.Commands[0], action.Failed))
	b.same("handoffs", b.handoffs(""), list)
	b.same("mode", b.conversation(before.ID).Mode, gateway.ModeQueued)
}

// testReceiptDuringTurn has the receipt come while an answer is made: it was made of
// what was known before.
func testReceiptDuringTurn(b *bundle) {
	ordered := b.order(ana())
	b.publish()
	c := b.say(ana(), "¿ya está?")
	b.same("awaited", c.Conversation.Memory.Awaiting, 1)
	b.receive(receiptOf(ordered, action.Done))
	b.fails("commit", b.store.Commit(b.Context(), c, b.turn(c, "todavía no")), gateway.ErrHumanOwns)
	b.ok("abandon", b.store.Abandon(b.Context(), c, b.turn(c).Record, b.now))
	c = b.claim()
	b.same("awaited", c.Conversation.Memory.Awaiting, 0)
	b.same("texts", burst(c), []string{"¿ya está?"})
	b.commit(c, b.turn(c, "sí"))
	b.same("awaited", b.conversation(c.Conversation.ID).Memory.Awaiting, 0)
}

// testReceiptTaken has an agent take over while commands are under way: they are
// carried out, the agent keeps the conversation, and the bot says nothing.
func testReceiptTaken(b *bundle) {
	unpublished, waiting := b.order(ana()), b.order(ana())
	h, err := b.take(waiting.ConversationID, "marta")
	b.ok("take", err)
	b.same("still published", []string{b.publish().ID, b.publish().ID}, []string{unpublished.ID, waiting.ID})
	before := b.conversation(waiting.ConversationID)
	b.receive(receiptOf(unpublished, action.Refused))
	b.advance(receiptAfter)
	b.ok("expire", b.store.Expire(b.Context(), b.nextCommand(), b.now))
	b.receive(receiptOf(waiting, action.Done))
	after := b.conversation(before.ID)
	b.same("mode", after.Mode, gateway.ModeAgent)
	b.same("agent", after.Agent, "marta")
	b.same("awaited", after.Memory.Awaiting, 0)
	h, err = b.store.Handoff(b.Context(), h.ID)
	b.ok("handoff", err)
	b.same("handoffs", b.handoffs(""), []gateway.Handoff{h})
	b.same("handoff", h.State, gateway.HandoffClaimed)
	b.nothing()
	b.same("commands", len(b.commands(before.ID)), 2)
	b.act(h, gateway.ActionReply, "marta", "Hecho")
	b.same("next", b.send("wamid.1").Text, "Hecho")
}

func testExpire(b *bundle) {
	c := b.order(ana())
	b.publish()
	b.advance(receiptAfter)
	late := b.nextCommand()
	before, revision := b.conversation(c.ConversationID), b.revision()
	b.ok("expire", b.store.Expire(b.Context(), late, b.now))
	b.fails("expire again", b.store.Expire(b.Context(), late, b.now), gateway.ErrLeaseLost)
	want := gateway.ApplyOverdue(before, *late, b.now)
	b.affected(before, want)
	if b.revision() <= revision {
		b.Error("the revision doesn't grow when a command is given up")
	}
	b.same("handoffs", b.handoffs(""), []gateway.Handoff{*want.Handoff})
	view := b.commands(before.ID)[0]
	b.same("expired", view.ExpiredAt, b.now)
	b.same("receipt", view.Receipt, (*action.Receipt)(nil))
	b.fails("published", b.store.Published(b.Context(), late), gateway.ErrLeaseLost)
	b.advance(time.Hour)
	b.noCommand()
}

// testReceiptLate has the receipt come after the customer was told that it takes longer:
// they are told of it, once.
func testReceiptLate(b *bundle) {
	c := b.order(ana())
	b.publish()
	b.advance(receiptAfter)
	expired := b.now
	b.ok("expire", b.store.Expire(b.Context(), b.nextCommand(), b.now))
	b.advance(time.Minute)
	before := b.conversation(c.ConversationID)
	r := receiptOf(c, action.Done)
	b.receive(r)
	b.affected(before, gateway.ApplyReceipt(before, c, true, r, b.now))
	after := b.messages(before.ID)
	b.receive(r)
	b.same("messages", b.messages(before.ID), after)
	b.same("records", len(b.records(before.ID)), 3)
	view := b.commands(before.ID)[0]
	b.same("receipt", view.Receipt, &r)
	b.same("expired", view.ExpiredAt, expired)
}

func testCommandsMerged(b *bundle) {
	one := b.order(ana())
	b.advance(time.Second)
	two := b.order(ben())
	b.publish()
	c := b.say(both(), "soy uno")
	b.same("awaited", c.Conversation.Memory.Awaiting, 2)
	b.commit(c, b.turn(c))
	list := b.commands(c.Conversation.ID)
	b.same("commands", []string{list[0].Command.ID, list[1].Command.ID}, []string{one.ID, two.ID})
	b.same("conversation", list[1].Command.ConversationID, c.Conversation.ID)
	b.receive(receiptOf(one, action.Done))
	b.same("conversation", b.publish().ConversationID, c.Conversation.ID)
	b.receive(receiptOf(two, action.Done))
	b.same("awaited", b.conversation(c.Conversation.ID).Memory.Awaiting, 0)
	b.same("told", []string{b.send("wamid.1").ConversationID, b.send("wamid.2").ConversationID}, []string{c.Conversation.ID, c.Conversation.ID})
}

// fullMemory is a memory with everything in it.
func (b *bundle) fullMemory() gateway.Memory {
	return gateway.Memory{
		Level: assure.Code, LevelUntil: b.now.Add(30 * time.Minute), CodeUntil: b.now.Add(10 * time.Minute),
		Pending: &gateway.Pending{
			ID: gateway.NewID(), ExpiresAt: b.now.Add(15 * time.Minute), NeedsCode: true,
			Proposal: rag.Proposal{
				Call:    action.Call{Kind: action.Cancel, Order: "TA-4117", Items: []string{"Flexo\x00"}},
				Version: "v-1", Summary: "Cancelar el pedido\x00 «TA-4117».",
			},
		},
		Awaiting: 2, AskedHash: "hash", Repeats: 3, OffTopic: 4, LanguageFixed: true, WarnedSecret: true,
	}
}

// remember has a turn leave a memory.
func (b *bundle) remember(who gateway.Identity, m gateway.Memory) gateway.Conversation {
	b.Helper()
	c := b.say(who, "hola")
	t := b.turn(c)
	t.Conversation.Memory = m
	b.commit(c, t)
	return b.conversation(c.Conversation.ID)
}

func testMemory(b *bundle) {
	want := b.fullMemory()
	c := b.remember(ana(), want)
	b.same("memory", c.Memory, want)
	b.same("memory in the list", b.conversations("")[0].Memory, want)
	b.crash()
	claim := b.say(ana(), "otra vez")
	b.same("memory of a claim", claim.Conversation.Memory, want)
	t := b.turn(claim)
	t.Conversation.Memory = gateway.Memory{}
	b.commit(claim, t)
	b.same("memory that was emptied", b.conversation(c.ID).Memory, gateway.Memory{})
	// What people do leaves it alone.
	b.remember(ana(), want)
	h, err := b.take(c.ID, "marta")
	b.ok("take", err)
	b.act(h, gateway.ActionReply, "marta", "hola")
	b.act(h, gateway.ActionResolve, "marta", "")
	b.same("memory", b.conversation(c.ID).Memory, want)
	b.same("memory when it opens again", b.say(ana(), "hola").Conversation.Memory, want)
}

func testMemoryMerged(b *bundle) {
	older, newer := b.fullMemory(), gateway.Memory{Awaiting: 1, AskedHash: "b", Level: assure.Number}
	older.Pending.NeedsCode = false
	b.remember(ana(), older)
	b.advance(time.Second)
	b.remember(ben(), newer)
	c := b.say(both(), "soy uno")
	want := newer.Join(older)
	b.same("memory", c.Conversation.Memory, want)
	b.same("awaited", want.Awaiting, 3)
	b.same("pending", want.Pending, older.Pending)
	b.same("level", want.Level, assure.Number)
}

// testMemoryDoubted has it come into doubt who the customer is, in each way that there
// is.
func testMemoryDoubted(b *bundle) {
	doubts := map[string]func(c gateway.Conversation){
		"signal": func(c gateway.Conversation) { b.filed(b.signal(c.Contact, "system", "algo ha cambiado")) },
		"change": func(c gateway.Conversation) {
			e := b.signal(gateway.Identity{UserID: c.Contact.UserID, Phone: b.name("34")}, "system", "otro número")
			e.Message.Was = &gateway.Identity{Phone: c.Contact.Phone}
			b.filed(e)
		},
		"error": func(c gateway.Conversation) {
			t := b.answer(c.Contact, "uno")
			b.send("wamid." + t.Outgoing[0].ID)
			b.filed(b.status(gateway.Status{
				ProviderID: "wamid." + t.Outgoing[0].ID, OutgoingID: t.Outgoing[0].ID, State: gateway.DeliveryFailed,
				Error: &gateway.SendError{Code: 1, Title: "x", Class: gateway.ErrorIdentity},
			}))
		},
	}
	for name, doubt := range doubts {
		who := gateway.Identity{UserID: b.name("U"), Phone: b.name("34600")}
		m := b.fullMemory()
		c := b.remember(who, m)
		b.advance(time.Second)
		doubt(c)
		got := b.conversation(c.ID)
		b.same("doubted by "+name, got.DoubtedAt.IsZero(), false)
		b.same("memory after "+name, got.Memory, m.Doubted())
	}
}

// testMemoryDoubtedTurn has the doubt come while a turn is made that nothing supersedes:
// it does not bring back what the doubt took.
func testMemoryDoubtedTurn(b *bundle) {
	who := gateway.Identity{Phone: "34600999888"}
	b.remember(who, b.fullMemory())
	c := b.say(who, "hola")
	t := b.turn(c)
	t.Overdue = true
	// The number comes with a user id that is new: who has it may be somebody new.
	b.accept(b.message(gateway.Identity{UserID: "ES.New", Phone: who.Phone}, "soy yo"))
	other := b.signal(gateway.Identity{UserID: "ES.New"}, "system", "algo ha cambiado")
	other.Channel = "another"
	b.accept(other)
	b.idle()
	err := b.store.Commit(b.Context(), c, t)
	if err != nil && !errors.Is(err, gateway.ErrHumanOwns) && !errors.Is(err, gateway.ErrLeaseLost) {
		b.Fatalf("commit: %v", err)
	}
	for _, c := range b.conversations(who.Phone) {
		if !c.DoubtedAt.IsZero() && c.Memory != c.Memory.Doubted() {
			b.Errorf("a conversation in doubt remembers %+v", c.Memory)
		}
	}
}

func testMemoryVerified(b *bundle) {
	h := b.queue(ana())
	b.act(h, gateway.ActionClaim, "marta", "")
	c := b.say(ana(), "hola")
	b.act(h, gateway.ActionVerify, "marta", "")
	got := b.conversation(h.ConversationID)
	b.same("level", got.Memory.Level, assure.Verified)
	b.same("pass", got.Pass(b.now.Add(time.Hour)).Level(), assure.Verified)
	// The turn under way knows nothing of it.
	if err := b.store.Commit(b.Context(), c, b.turn(c)); err == nil {
		b.Error("a turn was committed that was made before the customer was verified")
	}
	b.advance(lease)
	c = b.claim()
	b.same("level of the turn", c.Conversation.Memory.Level, assure.Verified)
	b.commit(c, b.turn(c))
	b.same("level", b.conversation(h.ConversationID).Memory.Level, assure.Verified)
	b.filed(b.signal(ana(), "system", "algo ha cambiado"))
	b.same("level in doubt", b.conversation(h.ConversationID).Memory.Level, assure.Unknown)
}

// testMarketing has a customer say stop in words, and the channel's button say something
// before, during and after.
func testMarketing(b *bundle) {
	c := b.say(ana(), "stop")
	t := b.turn(c)
	t.Conversation.Marketing = "stop"
	old := b.preference(ana(), "resume")
	old.Preference.At = b.now.Add(-time.Hour)
	b.commit(c, t)
	b.same("marketing", b.conversation(c.Conversation.ID).Marketing, "stop")
	b.filed(old)
	b.same("marketing after an older word", b.conversation(c.Conversation.ID).Marketing, "stop")
	b.advance(time.Minute)
	c = b.say(ana(), "hola")
	b.advance(time.Second)
	b.filed(b.preference(ana(), "resume"))
	b.commit(c, b.turn(c))
	b.same("marketing after a turn that has none", b.conversation(c.Conversation.ID).Marketing, "resume")
}

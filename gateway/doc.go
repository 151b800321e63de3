// Package gateway is the heart of Recado: conversations, turns, decisions and
// the workers that carry a message from the webhook to the reply. It knows
// neither JSON on the wire nor SQL; adapters in the packages below it do.
//
// # The way of a message
//
// A webhook becomes events (gateway/whatsapp), and [Gateway.Accept] keeps them
// durably and deduplicated by key before the provider hears 200. Webhooks that
// come in at the same time share one commit.
//
// [Gateway.Run] keeps workers going. Each repeats [Gateway.Turn]:
//
//	Store.Claim           leases ONE conversation whose quiet period is over, with its waiting events
//	Conversation.Receive  pure: window, language, the burst as one question, the commands in it
//	Burst.unspent         pure: a one-time code that was spent before is read no second time
//	Preempt               pure: rules that need no answer and hold with the model down, among them
//	                      what a customer wants in a word: stop, repeat, a language, their data
//	                      deleted, to know whether a person writes
//	Codes.Check           a yes or a one-time code needs no answer either: the code is checked and
//	Tools.Check           the write held against the shop's rules once more
//	Burst.meant           pure: the question as it was meant, where a message takes back another
//	Orders.Facts          what is known of this customer's orders, read beside the next steps; a
//	                      failure is a note, and nothing is told while it is in doubt who they are
//	Presence.Typing       the message is read, an answer is being written
//	Answerer.Answer       rag: rewrite, rephrase, retrieve, rerank, mend, prompt, complete, leave out what
//	                      nobody asked for, ground, score; it is stopped when the customer writes on
//	Decide                pure: reply, propose, clarify, hand off or be quiet; an error is a handoff
//	Codes.New             only where the decision is that a code has to come first
//	compose               messages, state, handoff, writes and decision record, as one Turn
//	Store.Commit          all of it in one step; refused when a person took over, a newer message
//	                      came, or what was answered has been edited or withdrawn
//
// Others repeat [Gateway.Deliver]:
//
//	Store.NextOutgoing    leases the next message of a conversation, in order
//	circuits.admit        whether the channel takes anything from this number at all
//	Limiter.Take          the permit for number and customer, over all replicas
//	CheckTemplate         what the channel would refuse of a template, as it is known now
//	Sender.Send           one attempt; the channel's code decides what follows
//	Store.Settle          sent, to be tried again, unknown, or rejected with a handoff
//
// Statuses come back through the front door as events and are merged into what was
// sent when the next claim files them; what they tell of the account and the window is
// heeded at once ([Gateway.Accept], circuit.go).
//
// A write that the customer confirmed is a command of the turn. Others repeat
// [Gateway.Carry]:
//
//	Store.NextCommand     leases the command that is due: to be published, or overdue
//	Wire.Publish          the shop's system can read it; the same id twice is one
//	Store.Published       due again at its deadline
//	Store.Expire          no word in time: ApplyOverdue tells the customer so and calls a person
//
// and [Gateway.TakeReceipt] ends it by the shop's system's word: ApplyReceipt, in one step
// with the message that tells the customer. Nothing else ever says that something is done.
//
// Others again repeat [Gateway.Fetch]: Files.NextFile, FileSource.Fetch, Vault.Put, a
// model that hears or sees, Files.SettleFile. A turn waits for the files of its messages.
//
// # What holds, whatever happens
//
//   - I1: a burst gets at most one reply. Its events are done with in the same
//     commit that queues the reply.
//   - I2: the bot is silent while a person owns the conversation. Every change of
//     owner raises the epoch, and a turn of another epoch is refused. What became of a
//     write is told while a person is wanted and none has come yet.
//   - I3: every message is answered, handed off, or ignored with a reason that its
//     decision record gives. No path of a turn ends in silence by accident.
//   - I4: a crash at any point keeps I1 to I3. Work is leased, not taken; a lease
//     that runs out is due again.
//   - I5: duplicates and any order of arrival change nothing.
//   - I6: a write is sent once for each yes of its customer, to the proposal that was open
//     and for the order as it was then, and told as done by its receipt alone.
//
// The stories in gatewaytest/testdata/conversations show them, on both stores.
//
// # Where things are
//
//	event.go message.go conversation.go content.go outgoing.go handoff.go turn.go
//	file.go template.go alert.go   the values
//	record.go           the decision record
//	store.go            the contract of the two stores; gatewaytest is its test
//	gateway.go          what a Gateway is made of
//	accept.go           intake with shared commits
//	command.go memory.go   writes on their way, and what a conversation knows between turns
//	patience.go         how long a customer is given to go on
//	receive.go control.go words.go code.go decide.go propose.go compose.go speech.go apply.go receipt.go
//	recall.go
//	                    the pure decisions
//	once.go             an action that may come twice and is done once
//	evidence.go         what answers rest on, and which questions found none
//	market.go           the customer's country, by their number
//	templatecheck.go    what the channel would refuse of a template
//	rehearse.go         a conversation outside of any channel, for evals and `recado ask`
//	history.go replay.go   past conversations, and each turn taken again as it was
//	label.go promise.go    what people say of answers, and whether a promise is kept
//	run.go overtake.go deliver.go commands.go fetch.go presence.go circuit.go reopen.go sweep.go worker.go
//	                    the effects
//	texts.go texts_actions.go   everything that customers and agents read
//	metrics.go          counters
package gateway

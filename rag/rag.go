// Package rag answers one question: it finds passages, asks a model for a draft
// that rests on them and on the customer's orders, checks the draft against what
// it rests on, and scores how likely the answer is right.
//
// The way of a question is Pipeline.Answer: rewrite -> retrieve -> rerank -> mend -> mask ->
// prompt -> complete (-> look up -> complete) -> ground (-> repair -> ground) -> score.
// To mend is to read a word that nobody knows as the one it was a slip of (mend.go).
// Every step leaves what it saw in the Answer, so that a decision record can be written
// from it. The package decides nothing about the conversation: whether an answer is sent,
// a change proposed, or a person takes over, is up to the gateway. It changes nothing
// anywhere: what a model wants done is a proposal at most.
//
// Models implement Model: rag/llm speaks to any OpenAI-compatible server,
// rag/offline answers without one.
package rag

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
	"github.com/recado/recado/rag/confidence"
)

// ErrModel says that the model could not be had or answered nonsense. Answer
// wraps it, so that the gateway can tell it from a failing index.
var ErrModel = errors.New("the language model gave no usable answer")

// ErrRetrieval says that the passages could not be read.
var ErrRetrieval = errors.New("the knowledge index could not be read")

// Role tells who said something in a conversation.
type Role string

// The roles of a conversation.
const (
	RoleCustomer Role = "customer"
	RoleBot      Role = "bot"
	RoleAgent    Role = "agent"
)

// Utterance is something that was said before the question.
type Utterance struct {
	Role Role      `json:"role"`
	Text string    `json:"text"`
	At   time.Time `json:"at"`
}

// Order is what an answer may say about an order of the customer who asks. It
// holds nothing of other customers and no payment details.
type Order struct {
	Number      string      `json:"number"`
	Status      string      `json:"status"`
	PlacedAt    string      `json:"placed_at,omitempty"`
	ETA         string      `json:"eta,omitempty"`
	Items       []OrderItem `json:"items,omitempty"`
	Carrier     string      `json:"carrier,omitempty"`
	TrackingURL string      `json:"tracking_url,omitempty"`
	// LastNote is the newest entry of the order's history in the shop's words.
	LastNote string `json:"last_note,omitempty"`
	// LastAt is when that entry was made, RFC 3339, or empty.
	LastAt string `json:"last_at,omitempty"`
	// Refund says how a refund stands, in the shop's words, if there is one.
	Refund string `json:"refund,omitempty"`
	// Address, InvoiceURL and ProofURL need a higher level and are empty below it.
	Address    string `json:"address,omitempty"`
	InvoiceURL string `json:"invoice_url,omitempty"`
	ProofURL   string `json:"proof_url,omitempty"`
}

// OrderItem is one line of an order. Price is in the currency's minor units for
// one piece, with Currency as its ISO 4217 code.
type OrderItem struct {
	Name       string `json:"name"`
	Quantity   int    `json:"quantity"`
	PriceMinor int64  `json:"price_minor,omitempty"`
	Currency   string `json:"currency,omitempty"`
}

// Price writes the price of one piece as people write it, with a point: "219.00", and
// "5000" in a currency without minor units.
func (i OrderItem) Price() string {
	digits := MinorDigits(i.Currency)
	if digits == 0 {
		return strconv.FormatInt(i.PriceMinor, 10)
	}
	return strconv.FormatFloat(float64(i.PriceMinor)/100, 'f', digits, 64)
}

// MinorDigits is how many digits the minor units of a currency have (ISO 4217): 0
// for those of Latin America and Asia that have none, 2 for all others that shops
// here use. A code that is not known counts as 2.
func MinorDigits(currency string) int {
	switch currency {
	case "CLP", "JPY", "KRW", "PYG", "VND":
		return 0
	}
	return 2
}

// OrderFacts is all that is known of the customer's orders for one question.
type OrderFacts struct {
	// Orders are the customer's own orders, newest first, at most 10.
	Orders []Order `json:"orders,omitempty"`
	// Asked are the order numbers that the question names, in the shop's form.
	Asked []string `json:"asked,omitempty"`
	// NotFound are those of Asked that are not an order of this customer,
	// whether or not they exist: the two are never told apart.
	NotFound []string `json:"not_found,omitempty"`
	// Unavailable is true when the order store could not be read. Then Orders is
	// empty and nothing may be said about orders.
	Unavailable bool `json:"unavailable,omitempty"`
	// Withheld is true when the orders were not read on purpose, because the person
	// behind the customer's identity may have changed. Unavailable is true then, too.
	Withheld bool `json:"withheld,omitempty"`
	// Level is how sure it was who asks.
	Level assure.Level `json:"level,omitempty"`
}

// Tools does for a question what its customer may have done. The gateway makes one for
// each turn, bound to the customer and to what they have shown of themselves; nothing in
// this package can ask for somebody else.
type Tools interface {
	// Read runs a read of the catalog. What is not allowed, or no order of theirs, is a
	// Receipt with the outcome refused; an error says that the orders could not be read.
	Read(ctx context.Context, c action.Call) (action.Receipt, error)
	// Check says whether a write is possible now, and the version of the order for which
	// that holds. Nothing is changed by it.
	Check(ctx context.Context, c action.Call) (v action.Verdict, version string, err error)
}

// Question is what Answer is asked.
type Question struct {
	// Text is what the customer wrote, a burst joined by newlines.
	Text string
	// Locale is the customer's language, "es" or "en". Empty means that Answer
	// detects it, with "es" where nothing speaks for either.
	Locale string
	// History is the conversation before the question, oldest first.
	History []Utterance
	Orders  OrderFacts
	// Coming gives Orders while they are being read, and waits for them. What the search
	// does not need of them it does not wait for. Nil means that Orders are there.
	Coming func() OrderFacts
	// Market is the ISO 3166 code of the customer's market, or empty when it is not
	// known: then Config.Market holds.
	Market string
	// At is the moment of the question: "today" in the customer's words. Zero means that
	// of Config.Now.
	At time.Time
	// Tools does what the customer may have done; nil means that nothing can be done.
	Tools Tools
	// Receipts tell how commands ended of which no reply has told yet.
	Receipts []action.Receipt
	// Clarified is true when the last reply asked the customer back: one is enough.
	Clarified bool
	// Conversation is an opaque id, by which the cost of models is counted; empty counts
	// for the day alone.
	Conversation string
}

// Passage is evidence that was put before the model.
type Passage struct {
	ID         string `json:"id"`
	DocumentID string `json:"document_id"`
	Title      string `json:"title"`
	Heading    string `json:"heading,omitempty"`
	Locale     string `json:"locale"`
	Version    string `json:"version"`
	// Hash identifies the content, knowledge.Chunk.Hash.
	Hash   string `json:"hash,omitempty"`
	Source string `json:"source"`
	Text   string `json:"text"`
	// Question is the FAQ question that Text answers, if it comes from a table.
	Question string  `json:"question,omitempty"`
	Dense    float64 `json:"dense"`
	Lexical  float64 `json:"lexical"`
	// Self is the lexical score of a passage that says every word of the question.
	Self  float64 `json:"self"`
	Score float64 `json:"score"`
}

// TextHash is knowledge.TextHash of the passage.
func (p Passage) TextHash() string {
	return knowledge.TextHash(knowledge.Chunk{Question: p.Question, Text: p.Text})
}

// Candidate is a passage that was found, whether or not it was used, with both
// scores; it is what the decision record keeps of the retrieval.
type Candidate struct {
	ChunkID     string  `json:"chunk_id"`
	DocumentID  string  `json:"document_id"`
	Version     string  `json:"version"`
	Dense       float64 `json:"dense"`
	Lexical     float64 `json:"lexical"`
	Self        float64 `json:"self"`
	Score       float64 `json:"score"`
	DenseRank   int     `json:"dense_rank"`
	LexicalRank int     `json:"lexical_rank"`
	Used        bool    `json:"used"`
}

// Request is what a Model is asked. Messages is the prompt in full for models
// that read text; the other fields are the same content in parts, for the
// offline model, which needs no prompt.
type Request struct {
	Locale   string
	Question string
	// Query is the question as it was searched for: a short follow-up carries the
	// turn before it.
	Query    string
	History  []Utterance
	Passages []Passage
	Orders   OrderFacts
	At       time.Time
	Messages []PromptMessage
	// Parts are the questions that Question holds, when there are several.
	Parts []string
	// PartQueries are these as they were searched for: one that says little of its own
	// carries the one before it.
	PartQueries []string
	// Receipts tell what was done or read.
	Receipts []action.Receipt
	// Writable tells whether writes may be proposed.
	Writable bool
	// Clarified is true when the last reply asked the customer back.
	Clarified bool
	// Conversation is Question.Conversation.
	Conversation string
	// Rejected is a draft of the same request that the checks refused, and Objections say
	// what for: this is the second and last try.
	Rejected   string
	Objections []string
}

// PromptMessage is one message of a chat prompt.
type PromptMessage struct {
	// Role is "system", "user" or "assistant".
	Role    string
	Content string
}

// Response is a model's draft.
type Response struct {
	Draft Draft
	// Model is the name of the model that answered.
	Model string
	Usage Usage
}

// Draft is a proposed reply in the structured form that models are asked for.
type Draft struct {
	// Answer is the text for the customer, empty when the model can't answer.
	Answer string `json:"answer"`
	// Citations are IDs of the passages that Answer rests on.
	Citations []string `json:"citations"`
	// Orders are the numbers of the orders that Answer speaks about.
	Orders []string `json:"orders"`
	// Locale is the language of Answer.
	Locale string `json:"language"`
	// NeedsHuman is true when the model says that a person should answer.
	NeedsHuman bool `json:"needs_human"`
	// Missing says what information the model would have needed.
	Missing string `json:"missing,omitempty"`
	// SmallTalk is true for a greeting or thanks, which rests on nothing. A model's
	// word for it counts only where the customer's message is a courtesy
	// (guard.Courteous): it would excuse the draft from sources and score.
	SmallTalk bool `json:"small_talk,omitempty"`
	// Actions are what the model wants read or proposes to do.
	Actions []action.Call `json:"actions,omitempty"`
	// AskBack is a question to the customer that would make an answer possible.
	AskBack string `json:"ask_back,omitempty"`
	// Support is the share of the question, in [0, 1], that the model itself
	// found in what it cites. Models that do not say leave it 0.
	Support float64 `json:"support,omitempty"`
}

// Usage counts tokens and money of one answer.
type Usage struct {
	InputTokens  int `json:"input_tokens"`
	OutputTokens int `json:"output_tokens"`
	// CachedTokens are those of InputTokens that the server had read before.
	CachedTokens int `json:"cached_tokens,omitempty"`
	// CostMicros is what it cost in millionths of the currency of the prices; 0 when
	// there are none.
	CostMicros int64 `json:"cost_micros,omitempty"`
}

// Proposal is a write that waits for the customer's yes.
type Proposal struct {
	Call action.Call `json:"call"`
	// Version is that of the order for which the proposal holds.
	Version string `json:"version"`
	// Summary is what is going to happen, in the customer's language, written by code.
	Summary string `json:"summary"`
	// More is true when the customer wanted something else besides, which has to wait: a
	// reply asks for one yes.
	More bool `json:"more,omitempty"`
}

// Sentence is one sentence of a draft and what backs it.
type Sentence struct {
	Text string `json:"text"`
	// Class is that of rag/receipts: what kind of thing the sentence says.
	Class string `json:"class"`
	// Backing are passage ids, order numbers and receipt ids.
	Backing []string `json:"backing,omitempty"`
	Support float64  `json:"support,omitempty"`
	OK      bool     `json:"ok"`
	Detail  string   `json:"detail,omitempty"`
}

// Part is one of several questions of a burst.
type Part struct {
	Text    string `json:"text"`
	Covered bool   `json:"covered"`
}

// Slip is a word of a question that was mistyped, and the one as which it was read: in
// small letters, without accents. Personal data is never one.
type Slip struct {
	Word  string `json:"word"`
	Meant string `json:"meant"`
}

// Model drafts an answer. An error means that there is no draft: the server was
// down or too slow, or what it said can't be read; it wraps ErrModel. A draft
// that is empty or asks for a person is not an error. Implementations are safe
// for concurrent use.
type Model interface {
	// Name identifies the model in records and in the configuration hash.
	Name() string
	Complete(ctx context.Context, r Request) (Response, error)
}

// Check is the result of one check of a draft.
type Check struct {
	// Name of the check, such as "numbers" or "citations".
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	// Detail says what was not backed, in words of the draft.
	Detail string `json:"detail,omitempty"`
}

// Answer is a scored draft with everything it was made from.
type Answer struct {
	// Text is the reply for the customer, without the line that names sources.
	Text   string
	Locale string
	// Query is the question as it was searched for, and Slips the words of it that what read
	// what was found took for others.
	Query      string
	Slips      []Slip
	Candidates []Candidate
	Passages   []Passage
	// Cited are the passages that Text rests on, a subset of Passages.
	Cited  []Passage
	Orders OrderFacts
	Draft  Draft
	Checks []Check
	// Confidence is the estimated probability in [0, 1] that Text is right.
	Confidence float64
	// Threshold is the least confidence at which the answer may be sent.
	Threshold float64
	// Features are the parts of the score, by name.
	Features map[string]float64
	// Calibration identifies the fitted score and threshold.
	Calibration string
	Model       string
	Usage       Usage
	// Proposal is the write to put before the customer, or nil.
	Proposal *Proposal
	// Refusal says why a write that the customer wants is not possible, or is nil.
	Refusal *Refusal
	// Receipts are those of Question and what the model read.
	Receipts []action.Receipt
	// Sentences are those of Text with what backs them.
	Sentences []Sentence
	// Parts are the questions of a burst that holds several.
	Parts []Part
	// Repaired is true when Text is a second draft, because the first one's checks failed.
	Repaired bool
	// AskBack is a question to the customer, in their language, or empty.
	AskBack string
	// Clarify is the least confidence at which asking back makes sense; 0 means never.
	Clarify float64
	// Promise is what Threshold promises, as in confidence.Promise; empty when it promises
	// nothing.
	Promise confidence.Promise
	// Suggest is true when no answer may be sent without a person, and Stale says why.
	Suggest bool
	Stale   []string
	// OffTopic is true when the question has nothing to do with a shop.
	OffTopic bool
	// Masked counts the pieces of personal data that no model saw, by kind.
	Masked map[string]int
	// Stages are the times the steps took.
	Stages []Stage
}

// Refusal is a write that the customer wants and the rules do not allow.
type Refusal struct {
	Call    action.Call    `json:"call"`
	Verdict action.Verdict `json:"verdict"`
}

// Stage is the time that one step of a turn took.
type Stage struct {
	Name string        `json:"name"`
	Took time.Duration `json:"took_ns"`
}

// Expander is an embedder that knows other words for what a question says. What
// Expand adds is searched for by words, besides the question; the vector is that
// of the question alone. Expand is deterministic.
type Expander interface {
	Expand(locale, text string) string
}

// Rephraser is an embedder that knows how documents put what customers ask in other words.
// Rephrase gives the question in such words, or the questions that it holds and that no
// document answers together, and nothing where it has no other words. It is deterministic.
type Rephraser interface {
	Rephrase(locale, text string) []string
}

// Retriever finds passages; knowledge.Index implements it.
type Retriever interface {
	Search(ctx context.Context, q knowledge.Query) ([]knowledge.Hit, error)
	// Revocations lists what was taken back; it may have been since the search.
	Revocations(ctx context.Context) ([]knowledge.Revocation, error)
}

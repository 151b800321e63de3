// Package offline answers without a language model and embeds without a server,
// so that Recado works from the first minute without a key.
//
// Embedder hashes word stems, pieces of words and a small Spanish and English
// table of shop concepts into a vector. Model is extractive: it picks the
// sentences of a passage that answer the question, prefers the answer of a FAQ
// pair, states the customer's orders from templates, and otherwise asks for a
// person. Both are deterministic, need no network and take a few
// milliseconds.
//
// The package does not write sentences of its own about policies, does not
// reason over several passages, and knows no other languages.
package offline

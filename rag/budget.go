package rag

// MissingBudget is what a draft lacks that was not written because the money for models
// is spent: Draft.Missing of a draft with NeedsHuman. No model's own words are that.
const MissingBudget = "budget"

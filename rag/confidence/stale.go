package confidence

import "fmt"

// Setting is what answers are made with, as far as it moves their scores.
type Setting struct {
	// Model and Embedder are their names.
	Model    string `json:"model"`
	Embedder string `json:"embedder"`
	// Prompt, Index and FeatureVersion are the versions of the templates, of how
	// documents are cut and found, and of what the features mean.
	Prompt         string `json:"prompt,omitempty"`
	Index          string `json:"index,omitempty"`
	FeatureVersion string `json:"feature_version,omitempty"`
}

// Stale says in a sentence each what has changed since the fit, so that the promise
// does not hold any more. It is empty for a calibration that is fresh. A file that
// doesn't say what it was fitted with is stale: nobody can tell what it promises.
func (c *Calibration) Stale(now Setting) []string {
	var reasons []string
	for _, part := range []struct{ what, then, now string }{
		{"the model", c.Model, now.Model},
		{"the embedder", c.Embedder, now.Embedder},
		{"the prompt", c.Prompt, now.Prompt},
		{"the index", c.Index, now.Index},
		{"the version of the features", c.FeatureVersion, now.FeatureVersion},
	} {
		switch part.then {
		case part.now:
		case "":
			reasons = append(reasons, fmt.Sprintf("The calibration does not say which it was fitted with: %s. In use is %q.", part.what, part.now))
		default:
			reasons = append(reasons, fmt.Sprintf("What has changed since the fit is %s: it was %q and is %q.", part.what, part.then, part.now))
		}
	}
	return reasons
}

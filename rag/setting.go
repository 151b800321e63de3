package rag

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/confidence"
)

// featuresMeaning is raised when a feature keeps its name and means something else.
const featuresMeaning = 3

// Setting is what this pipeline answers with, as far as a calibration depends on it:
// compare it with confidence.Calibration.Stale. The texts of the index are not part
// of it, because they change every day.
func (p *Pipeline) Setting() confidence.Setting {
	id := knowledge.IdentityOf(p.searcher.Embedder)
	return confidence.Setting{
		Model: p.model.name(), Embedder: p.searcher.Embedder.Name(), Prompt: p.model.prompt.version,
		Index:          fmt.Sprintf("%s/%d/%s", id.Embedder, id.Dim, id.Splitter),
		FeatureVersion: featureVersion(),
	}
}

func featureVersion() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", featuresMeaning, strings.Join(FeatureNames(), " ")))
	return hex.EncodeToString(sum[:4])
}

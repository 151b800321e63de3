package report

import (
	"fmt"

	"github.com/recado/recado/evals/runs"
)

// remarks say what has to be known before figures are read: what nobody judged, and how far people
// have marked the replies.
func remarks(language string, r runs.Run) []string {
	var list []string
	if r.Judge != "" {
		list = append(list, fmt.Sprintf(phrase(language, "judged_by"), runs.JudgeIn(language, r.Judge)))
	}
	if r.Unjudged > 0 {
		list = append(list, fmt.Sprintf(phrase(language, "unjudged"), r.Unjudged))
	}
	for _, m := range r.Marked {
		if one := marked(language, m); one != "" {
			list = append(list, one)
		}
	}
	return list
}

// marked says how many marks there are of a figure, and how many more would do.
func marked(language string, m runs.Marked) string {
	of := m.Metric
	if m.Language != "" {
		of += "/" + m.Language
	}
	switch {
	case !m.Enough && m.Language == "":
		return fmt.Sprintf(phrase(language, "marked_few"), of, m.Marks, m.Cases, runs.LeastMarked, m.More)
	case !m.Enough:
		return fmt.Sprintf(phrase(language, "marked_few_language"), of, m.Cases, runs.LeastMarked, m.More)
	case m.Language != "":
		return ""
	case m.More > 0:
		return fmt.Sprintf(phrase(language, "marked_wide"), of, m.Marks, m.Cases, m.More)
	}
	return fmt.Sprintf(phrase(language, "marked"), of, m.Marks, m.Cases)
}

package evals

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"
)

// AbstainFigures say how well a score knows what the documents answer. A figure that the
// questions have none of is null.
type AbstainFigures struct {
	N           int `json:"n"`
	NAnswerable int `json:"n_answerable"`
	// AUROCAnswerable is how often an answerable question has a higher score than
	// another, AUROCCorrect the same of those whose answer is right.
	AUROCAnswerable *float64 `json:"auroc_answerable"`
	AUROCCorrect    *float64 `json:"auroc_correct"`
	AURC            float64  `json:"aurc"`
	EAURC           float64  `json:"e_aurc"`
	// Coverage95 is the greatest share that can be answered with 95 % right, Precision95
	// the share that is right when 95 % are answered.
	Coverage95  float64  `json:"coverage@95"`
	Precision95 float64  `json:"precision@95"`
	ECE         *float64 `json:"ece"`
	ECENull     *float64 `json:"ece_null"`
	ECEExcess   *float64 `json:"ece_excess"`
	// The others are those of the threshold. FalseAnswers is the share of what is not
	// answerable that is answered, Answered that of all, AnsweredAnswerable that of what is
	// answerable, Precision the share of the answers that is right.
	FalseAnswers       *float64 `json:"false_answers"`
	Answered           *float64 `json:"answered"`
	AnsweredAnswerable *float64 `json:"answered_answerable"`
	Precision          *float64 `json:"precision"`
	// Intervals holds low and high of each figure by its name, at 95 %.
	Intervals map[string][2]float64 `json:"intervals"`
}

// AbstainReport holds the figures over all questions and by language.
type AbstainReport struct {
	Overall    AbstainFigures            `json:"overall"`
	ByLanguage map[string]AbstainFigures `json:"by_language"`
	// Threshold is from which probability on a question is answered; above 1 none is.
	Threshold float64 `json:"threshold"`
	// Fitted says what the score was fitted on, Note what the threshold promises.
	Fitted string `json:"fitted"`
	Note   string `json:"note,omitempty"`
	// Dropped is how many documents were left out, UnknownDrops how many ids of those to
	// leave out name none.
	Dropped      int `json:"documents_dropped"`
	UnknownDrops int `json:"unknown_drops"`
	// Unjudged counts the questions on which the judge failed; it is nil without one.
	Unjudged *int `json:"unjudged,omitempty"`

	points []Point
}

// Points are the questions with their probabilities, in the order they were asked in.
func (r AbstainReport) Points() []Point { return r.points }

func (d decision) report(questions []asked) AbstainReport {
	points := make([]Point, len(questions))
	languages := map[string][]Point{}
	for i, q := range questions {
		points[i] = Point{ID: q.id, Lang: q.lang, Group: q.group, Score: d.probability(q), Right: q.right, Positive: q.answerable}
		languages[q.lang] = append(languages[q.lang], points[i])
	}
	r := AbstainReport{ByLanguage: map[string]AbstainFigures{}, Threshold: d.threshold, Fitted: d.how, Note: d.note, points: points}
	if r.Fitted == "" {
		r.Fitted = "shipped"
	}
	r.Overall = d.figures(points)
	for lang, part := range languages {
		r.ByLanguage[lang] = d.figures(part)
	}
	return r
}

// judgements counts where the judge failed.
func (r *AbstainReport) judgements(questions []asked) {
	failed := 0
	for _, q := range questions {
		if _, ok := q.features[featureJudged]; !ok {
			failed++
		}
	}
	r.Unjudged = &failed
}

// abstainIntervals are the figures with an interval from MeasureSelective, by their names
// in JSON, and what it calls them.
var abstainIntervals = map[string]string{
	"auroc_answerable": selectiveNames[atPositive], "auroc_correct": selectiveNames[atRight], "aurc": selectiveNames[atAURC],
	"e_aurc": selectiveNames[atEAURC], "coverage@95": selectiveNames[atCoverage95], "precision@95": selectiveNames[atPrecision95],
}

func (d decision) figures(points []Point) AbstainFigures {
	s := MeasureSelective(points)
	f := AbstainFigures{
		N: s.N, AURC: s.AURC.Value, EAURC: notNegative(s.EAURC.Value), Coverage95: s.Coverage95.Value, Precision95: s.Precision95.Value,
		AUROCAnswerable: valueOf(s.AUROCPositive), AUROCCorrect: valueOf(s.AUROCRight), Intervals: map[string][2]float64{},
	}
	for name, of := range abstainIntervals {
		if interval, ok := s.Intervals[of]; ok {
			f.Intervals[name] = [2]float64{notNegative(interval[0]), notNegative(interval[1])}
		}
	}
	if s.CalibrationError != nil {
		f.ECE, f.ECENull, f.ECEExcess = &s.ECE, &s.Null, &s.Excess
		f.Intervals["ece_null"] = s.NullRange
	}
	var answered, answerable, reached, right, wrong int
	for _, p := range points {
		sent := p.Score >= d.threshold
		switch {
		case p.Positive:
			answerable++
			if sent {
				reached++
			}
		case sent:
			wrong++
		}
		if sent {
			answered++
			if p.Right {
				right++
			}
		}
	}
	f.NAnswerable = answerable
	f.FalseAnswers = f.share("false_answers", wrong, len(points)-answerable)
	f.Answered = f.share("answered", answered, len(points))
	f.AnsweredAnswerable = f.share("answered_answerable", reached, answerable)
	f.Precision = f.share("precision", right, answered)
	return f
}

// notNegative is what the rounding of a difference that is 0 may have made of it.
func notNegative(x float64) float64 {
	if x < 1e-12 {
		return 0
	}
	return x
}

func valueOf(f *Figure) *float64 {
	if f == nil {
		return nil
	}
	return &f.Value
}

// share notes the interval of k of n and gives its value, nil for none.
func (f AbstainFigures) share(name string, k, n int) *float64 {
	if n == 0 {
		return nil
	}
	s := newShare(k, n)
	f.Intervals[name] = [2]float64{s.Low, s.High}
	value := s.Value()
	return &value
}

// WriteJSON writes the figures with their intervals.
func (r AbstainReport) WriteJSON(w io.Writer) error { return writeJSON(w, r) }

// WriteTable writes the figures for people.
func (r AbstainReport) WriteTable(w io.Writer) error {
	fmt.Fprintf(w, "Score: %s. Answered from a probability of %.3f on.\n", r.Fitted, r.Threshold)
	if r.Note != "" {
		fmt.Fprintln(w, r.Note)
	}
	if r.Dropped > 0 {
		fmt.Fprintf(w, "%d documents were left out; %d ids of the list name none.\n", r.Dropped, r.UnknownDrops)
	}
	if r.Unjudged != nil {
		fmt.Fprintf(w, "A chat model was asked about each question; it gave no judgement on %d.\n", *r.Unjudged)
	}
	fmt.Fprintln(w)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	langs := slices.Sorted(maps.Keys(r.ByLanguage))
	row := func(title string, cell func(AbstainFigures) string) {
		fmt.Fprint(table, title)
		for _, lang := range langs {
			fmt.Fprint(table, "\t", cell(r.ByLanguage[lang]))
		}
		fmt.Fprintln(table, "\t"+cell(r.Overall))
	}
	with := func(name string, value func(AbstainFigures) *float64) func(AbstainFigures) string {
		return func(f AbstainFigures) string {
			v := value(f)
			if v == nil {
				return "-"
			}
			if i, ok := f.Intervals[name]; ok {
				return Figure{*v, i[0], i[1]}.String()
			}
			return fmt.Sprintf("%.3f", *v)
		}
	}
	for _, lang := range langs {
		fmt.Fprint(table, "\t", lang)
	}
	fmt.Fprintln(table, "\tall")
	row("questions", func(f AbstainFigures) string { return fmt.Sprint(f.N) })
	row("answerable", func(f AbstainFigures) string { return fmt.Sprint(f.NAnswerable) })
	row("AUROC answerable", with("auroc_answerable", func(f AbstainFigures) *float64 { return f.AUROCAnswerable }))
	row("AUROC correct", with("auroc_correct", func(f AbstainFigures) *float64 { return f.AUROCCorrect }))
	row("AURC", with("aurc", func(f AbstainFigures) *float64 { return &f.AURC }))
	row("E-AURC", with("e_aurc", func(f AbstainFigures) *float64 { return &f.EAURC }))
	row("coverage at 95 % right", with("coverage@95", func(f AbstainFigures) *float64 { return &f.Coverage95 }))
	row("right when 95 % are answered", with("precision@95", func(f AbstainFigures) *float64 { return &f.Precision95 }))
	row("ECE", with("ece", func(f AbstainFigures) *float64 { return f.ECE }))
	row("ECE of a perfect score", with("ece_null", func(f AbstainFigures) *float64 { return f.ECENull }))
	row("ECE above its null", with("ece_excess", func(f AbstainFigures) *float64 { return f.ECEExcess }))
	row("false answers", with("false_answers", func(f AbstainFigures) *float64 { return f.FalseAnswers }))
	row("answered", with("answered", func(f AbstainFigures) *float64 { return f.Answered }))
	row("answered, of the answerable", with("answered_answerable", func(f AbstainFigures) *float64 { return f.AnsweredAnswerable }))
	row("right, of the answered", with("precision", func(f AbstainFigures) *float64 { return f.Precision }))
	return table.Flush()
}

package report

// Differ and Piece are for tests alone: what a comparison of two texts shows.
type Piece = piece

// Differ compares two texts.
func Differ(before, after string) []Piece { return differ(before, after) }

// Phrases and Figures are all texts.
func Phrases() map[string][2]string {
	all := map[string][2]string{}
	for key, t := range phrases {
		all[key] = [2]string{t.es, t.en}
	}
	for _, f := range figures {
		all["figure "+f.name] = [2]string{f.text.es, f.text.en}
	}
	return all
}

// Files are the templates and the script.
var Files = files

// FigureOf gives the theme and the name of a metric in a language.
func FigureOf(metric, language string) (theme, label string) {
	f := figureOf(metric)
	return f.theme, f.text.in(language)
}

package knowledge

import (
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"
)

// splitter gathers blocks into chunks, section by section. Costs are in hundredths of
// a token.
type splitter struct {
	text   string
	chunks []Chunk
	path   []block // headings that lead here, outermost first
	// heading says the path, and room is what the text of one chunk below it may cost.
	heading string
	room    int
	// headings is the range of heading lines that no chunk has yet. They go to
	// the next text of their section.
	headings span
	body     span // text gathered for the next chunk
	cost     int  // of body, 0 when nothing is gathered
	// last is the last block of body and what it costs, when it introduces what comes.
	last     span
	lastCost int
	// reserved is what every chunk costs besides its text and its headings.
	reserved int
	// together gathers up to the cap everywhere, and takes headings for text.
	together bool
}

func newSplitter(text string, reserved int, together bool) *splitter {
	s := &splitter{text: text, reserved: reserved, together: together}
	s.settle()
	return s
}

// enter begins a section: headings of the same or a deeper level end.
func (s *splitter) enter(heading block) {
	s.flush("")
	if last := len(s.path) - 1; last >= 0 && s.path[last].level >= heading.level {
		// The section before had nothing but its heading.
		s.flushHeadings()
	}
	for len(s.path) > 0 && s.path[len(s.path)-1].level >= heading.level {
		s.path = s.path[:len(s.path)-1]
	}
	s.path = append(s.path, heading)
	s.settle()
	if s.headings.start == s.headings.end {
		s.headings = heading.span
	}
	s.headings.end = heading.end
}

// settle says where the path leads. Two tokens are left for what joining texts can cost.
func (s *splitter) settle() {
	s.heading = s.headingPath()
	s.room = maxTokens*100 - s.reserved - countHundredths(s.heading) - 200
}

// sizes are how much is gathered here, and how long a paragraph stays whole.
func (s *splitter) sizes() (target, whole int) {
	if s.together || len(s.path) > 0 && isQuestion(s.path[len(s.path)-1].title) {
		return s.room, s.room
	}
	return min(targetTokens*100, s.room), min(wholeTokens*100, s.room)
}

func isQuestion(title string) bool {
	return strings.HasSuffix(title, "?") || strings.HasPrefix(title, "¿")
}

// add puts a block into the current chunk or starts the next one with it.
func (s *splitter) add(b block) {
	content := s.text[b.start:b.end]
	if strings.TrimSpace(content) == "" {
		return
	}
	cost := countHundredths(content)
	target, whole := s.sizes()
	if s.cost > 0 && s.cost+cost > target {
		s.flushBefore(b)
	}
	if s.cost+cost <= s.room && (b.whole || cost <= whole) {
		s.gather(b.span, cost, introduces(content) || b.level > 0)
		return
	}
	if b.whole {
		whole = s.room
	}
	s.addPieces(b, whole)
}

// introduces says whether a paragraph is the sentence in front of a list or a table.
func introduces(content string) bool {
	return strings.HasSuffix(strings.TrimSpace(content), ":") && CountTokens(content) <= maxRepeated
}

// addPieces cuts a block that is too long for one chunk.
func (s *splitter) addPieces(b block, room int) {
	repeated := ""
	if b.header.start < b.header.end {
		repeated = strings.TrimSpace(s.text[b.header.start:b.header.end])
	} else if b.parts != nil && s.cost > 0 {
		repeated = strings.TrimSpace(s.text[s.body.start:s.body.end])
	}
	if CountTokens(repeated) > maxRepeated {
		repeated = ""
	}
	later := room - countHundredths(repeated)
	if repeated != "" {
		later -= 100 // the line end behind it
	}
	for i, piece := range cut(s.text, b, room-s.cost, later) {
		s.gather(piece, 1, false)
		if i == 0 || piece.start < b.header.end {
			s.flush("")
			continue
		}
		s.flush(repeated)
	}
}

func (s *splitter) gather(piece span, cost int, introduces bool) {
	if s.cost == 0 {
		s.body.start = piece.start
	}
	s.body.end = piece.end
	s.cost += cost
	s.last, s.lastCost = span{}, 0
	if introduces {
		s.last, s.lastCost = piece, cost
	}
}

// flushBefore makes a chunk of what was gathered, but for a line that introduces the
// block and can go with it.
func (s *splitter) flushBefore(b block) {
	intro, cost := s.last, s.lastCost
	if cost == 0 || !b.whole && !s.together {
		s.flush("")
		return
	}
	if intro.start > s.body.start {
		s.body.end, s.cost = intro.start, s.cost-cost
		s.flush("")
		s.gather(intro, cost, true)
	}
}

// flush makes a chunk of what was gathered, heading lines included in its range and
// repeated lines in front of its text.
func (s *splitter) flush(repeated string) {
	if s.cost == 0 {
		return
	}
	whole := s.body
	if s.headings.start < s.headings.end {
		whole.start = s.headings.start
	}
	text := strings.TrimSpace(s.text[s.body.start:s.body.end])
	if repeated != "" {
		text = repeated + "\n" + text
	}
	s.emit(whole, text)
	s.headings, s.cost, s.lastCost = span{}, 0, 0
}

// flushHeadings keeps headings that no text follows.
func (s *splitter) flushHeadings() {
	lines := s.text[s.headings.start:s.headings.end]
	if strings.TrimSpace(lines) != "" {
		// The markup of a heading can be longer than any chunk; nobody writes that, and
		// yet nothing may be lost.
		for _, piece := range cut(s.text, block{span: s.headings, whole: true}, s.room, s.room) {
			s.emit(piece, strings.TrimSpace(s.text[piece.start:piece.end]))
		}
	}
	s.headings = span{}
}

func (s *splitter) emit(place span, text string) {
	place = trim(s.text, place)
	s.chunks = append(s.chunks, Chunk{
		Seq: len(s.chunks), Heading: s.heading, Text: text, Start: place.start, End: place.end,
	})
}

// trim is the range without the white space at its ends.
func trim(text string, place span) span {
	raw := text[place.start:place.end]
	end := place.start + len(strings.TrimRightFunc(raw, unicode.IsSpace))
	return span{place.start + len(raw) - len(strings.TrimLeftFunc(raw, unicode.IsSpace)), max(end, place.start)}
}

func (s *splitter) headingPath() string {
	titles := make([]string, 0, len(s.path))
	for _, heading := range s.path {
		if heading.title != "" {
			titles = append(titles, heading.title)
		}
	}
	return strings.Join(titles, " > ")
}

// cut divides a block into pieces of which the first costs at most first and the others
// later, at the best places it finds: items and rows, paragraphs, lines, sentences,
// spaces, or anywhere.
func cut(text string, b block, first, later int) []span {
	var pieces []span
	for limit := first; b.start < b.end; limit = later {
		size := within(text[b.start:b.end], limit)
		if size < b.end-b.start {
			size = b.boundary(text, size)
		}
		next := span{b.start, b.start + size}
		if strings.TrimSpace(text[next.start:next.end]) != "" {
			pieces = append(pieces, next)
		}
		b.start = next.end
	}
	return pieces
}

// boundary is the best place to cut the block, at most size bytes from its start.
func (b block) boundary(text string, size int) int {
	if i := sort.SearchInts(b.parts, b.start+size+1) - 1; i >= 0 && b.parts[i] > b.start {
		return b.parts[i] - b.start
	}
	return boundary(text[b.start:b.start+size], b.whole)
}

// within is how many bytes of the text, at least one piece, cost at most the limit.
func within(text string, limit int) int {
	at := 0
	for at < len(text) {
		end, cost := countPiece(text, at)
		if limit -= cost; limit < 0 && at > 0 {
			return at
		}
		at = end
	}
	return at
}

// boundary is the best place to end a chunk that must not be longer than the
// text. Places in the first half are refused: they would make crumbs.
func boundary(text string, lines bool) int {
	ends := []string{"\n\n", "\n", ". ", "? ", "! ", "; "}
	if !lines {
		// In running text a line end is where an editor wrapped it.
		ends = []string{"\n\n", ". ", ".\n", "? ", "?\n", "! ", "!\n", "\n"}
	}
	for _, end := range ends {
		if at := strings.LastIndex(text, end); at+len(end) > len(text)/2 && at >= 0 {
			return at + len(end)
		}
	}
	if at := strings.LastIndexFunc(text, unicode.IsSpace); at > len(text)/2 {
		_, size := utf8.DecodeRuneInString(text[at:])
		return at + size
	}
	return len(text)
}

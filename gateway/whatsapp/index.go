package whatsapp

// maxDepth is how deep JSON may be nested; encoding/json draws the same line.
const maxDepth = 10000

// indexer reads JSON from beginning to end, and notes each value and each name on
// the way. It takes exactly what encoding/json takes.
type indexer struct {
	raw   []byte
	at    int
	nodes piece
}

// peek leaves out white space and gives the byte that comes then, or 0 at the end.
func (x *indexer) peek() byte {
	for ; x.at < len(x.raw); x.at++ {
		switch c := x.raw[x.at]; c {
		case ' ', '\t', '\r', '\n':
		default:
			return c
		}
	}
	return 0
}

// value reads a value inside of so many others; false means it is none.
func (x *indexer) value(depth int) bool {
	switch x.peek() {
	case '{':
		return x.brackets(depth+1, '}')
	case '[':
		return x.brackets(depth+1, ']')
	case '"':
		return x.text()
	}
	return x.bare()
}

// brackets reads an object or a list.
func (x *indexer) brackets(depth int, end byte) bool {
	first, start := len(x.nodes), x.at
	x.nodes = append(x.nodes, node{})
	x.at++
	for more := x.peek() != end; more; {
		if end == '}' && !x.name() || !x.value(depth) {
			return false
		}
		switch x.peek() {
		case ',':
			x.at++
		case end:
			more = false
		default:
			return false
		}
	}
	x.at++
	//nolint:gosec // a body is much shorter than that
	x.nodes[first] = node{raw: x.raw[start:x.at:x.at], size: int32(len(x.nodes) - first), at: int32(start)}
	return depth <= maxDepth
}

// name reads a member's name and the colon.
func (x *indexer) name() bool {
	if x.peek() != '"' {
		return false
	}
	n, escaped := stringLen(x.raw[x.at:])
	if n == 0 {
		return false
	}
	x.note(n)
	if escaped {
		x.nodes[len(x.nodes)-1].size = escapedName
	}
	if x.peek() != ':' {
		return false
	}
	x.at++
	return true
}

// text reads a string.
func (x *indexer) text() bool {
	n, _ := stringLen(x.raw[x.at:])
	if n == 0 {
		return false
	}
	x.note(n)
	return true
}

// bare reads what has no sign around it: a number, true, false or null.
func (x *indexer) bare() bool {
	n := 0
	for rest := x.raw[x.at:]; n < len(rest) && !delimits(rest[n]); {
		n++
	}
	switch word := x.raw[x.at : x.at+n]; string(word) {
	case "true", "false", "null":
	default:
		if !isNumber(word) {
			return false
		}
	}
	x.note(n)
	return true
}

func delimits(c byte) bool {
	switch c {
	case ',', ']', '}', ' ', '\t', '\r', '\n':
		return true
	}
	return false
}

// note adds a value without others in it and goes behind it.
func (x *indexer) note(n int) {
	end := x.at + n
	//nolint:gosec // a body is much shorter than that
	x.nodes = append(x.nodes, node{raw: x.raw[x.at:end:end], size: 1, at: int32(x.at)})
	x.at = end
}

// stringLen is the length of the string, with its quotes, that raw starts with, or
// 0 if it is none, and whether anything in it is escaped.
func stringLen(raw []byte) (n int, escaped bool) {
	for i := 1; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '"':
			return i + 1, escaped
		case c < ' ':
			return 0, false
		case c == '\\':
			more := escapeSize(raw[i:])
			if more == 0 {
				return 0, false
			}
			escaped = true
			i += more - 1
		}
	}
	return 0, false
}

// escapeSize is the length of the escape that raw starts with, or 0 if it is none.
func escapeSize(raw []byte) int {
	if len(raw) < 2 {
		return 0
	}
	switch raw[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if escaped(raw) >= 0 {
			return 6
		}
	}
	return 0
}

// isNumber tells whether that is a number of JSON.
func isNumber(word []byte) bool {
	if len(word) > 0 && word[0] == '-' {
		word = word[1:]
	}
	whole := digitsAhead(word)
	if whole == 0 || whole > 1 && word[0] == '0' {
		return false
	}
	word = word[whole:]
	if len(word) > 0 && word[0] == '.' {
		n := digitsAhead(word[1:])
		if n == 0 {
			return false
		}
		word = word[1+n:]
	}
	if len(word) > 0 && (word[0] == 'e' || word[0] == 'E') {
		word = word[1:]
		if len(word) > 0 && (word[0] == '+' || word[0] == '-') {
			word = word[1:]
		}
		n := digitsAhead(word)
		return n > 0 && n == len(word)
	}
	return len(word) == 0
}

// digitsAhead counts the digits that word starts with.
func digitsAhead(word []byte) int {
	for i, c := range word {
		if c < '0' || c > '9' {
			return i
		}
	}
	return len(word)
}

package gateway

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxTemplateHeader is the longest header of a template with its values, in
// characters. The body's limit is MaxCaption.
const maxTemplateHeader = 60

var (
	// templateVariable is {{1}} or {{name}}.
	templateVariable = regexp.MustCompile(`\{\{\s*(\w+)\s*\}\}`)
	// brokenValue is what the channel refuses in a value.
	brokenValue = regexp.MustCompile(`[\r\n\t\v\f\x{0085}\x{2028}\x{2029}]| {5}`)
)

// CheckTemplate tells why the channel would refuse a template with these values, as an
// ErrInvalid with a sentence for whoever sends it, or nil. It repeats no value.
func CheckTemplate(t Template, use TemplateUse) error {
	if t.Name != use.Name || t.Language != use.Language {
		return invalidContent(fmt.Sprintf("the template %s does not exist in the language %s", use.Name, use.Language))
	}
	if !strings.EqualFold(t.Status, "APPROVED") {
		return invalidContent(fmt.Sprintf("the template %s can't be sent: its status is %s", t.Name, t.Status))
	}
	for _, check := range []func(Template, TemplateUse) error{checkTemplateHeader, checkTemplateBody, checkTemplateButtons} {
		if err := check(t, use); err != nil {
			return invalidContent(fmt.Sprintf("the template %s %s", t.Name, err))
		}
	}
	return nil
}

// checkTemplateHeader holds that the header gets what it is made for: values, a file,
// or a place. Like those that follow, it says what the template needs.
func checkTemplateHeader(t Template, use TemplateUse) error {
	format := strings.ToLower(t.HeaderFormat)
	switch {
	case use.HeaderMedia != nil && format != "image" && format != "video" && format != "document":
		return errors.New("has no file above its text")
	case use.HeaderLocation != nil && format != "location":
		return errors.New("has no place above its text")
	case len(use.Header) > 0 && format != "text":
		return errors.New("takes no values in its header")
	}
	switch format {
	case "text":
		return checkValues("header", t.Header, maxTemplateHeader, t.Named, use.Header)
	case "image", "video", "document":
		if m := use.HeaderMedia; m == nil || string(m.Kind) != format || checkMedia(m) != nil {
			return fmt.Errorf("needs a file of the kind %s above its text", format)
		}
	case "location":
		if checkLocation("", &Content{Location: use.HeaderLocation}) != nil {
			return errors.New("needs a place above its text")
		}
	}
	return nil
}

func checkTemplateBody(t Template, use TemplateUse) error {
	return checkValues("text", t.Body, MaxCaption, t.Named, use.Body)
}

// checkValues holds the values of one part against its variables.
func checkValues(part, text string, most int, named bool, values []TemplateValue) error {
	names := templateVariables(text, named)
	if len(names) != len(values) {
		return fmt.Errorf("needs %s in its %s and got %d", counted(len(names)), part, len(values))
	}
	seen := map[string]bool{}
	for i, v := range values {
		switch {
		case named && (!slices.Contains(names, v.Name) || seen[v.Name]):
			return fmt.Errorf("needs the values %s in its %s, each once", strings.Join(names, ", "), part)
		case !named && v.Name != "":
			return fmt.Errorf("has numbered values in its %s and takes no names", part)
		}
		seen[v.Name] = true
		if err := checkValue(v.Text, "value "+names[i]+" in its "+part, v.Name); err != nil {
			return err
		}
	}
	if n := utf8.RuneCountInString(fillTemplate(text, named, values)); n > most {
		return fmt.Errorf("is too long with these values: its %s may have %d characters and has %d", part, most, n)
	}
	return nil
}

// counted is a number of values in words.
func counted(n int) string {
	switch n {
	case 0:
		return "no values"
	case 1:
		return "1 value"
	}
	return strconv.Itoa(n) + " values"
}

// checkValue holds what the channel asks of every value.
func checkValue(text, where, name string) error {
	if name != "" {
		where = "value " + name
	}
	switch {
	case strings.TrimSpace(text) == "":
		return fmt.Errorf("has an empty %s", where)
	case brokenValue.MatchString(text):
		return fmt.Errorf("takes no line breaks, no tabs and at most four spaces in a row: see the %s", where)
	}
	return nil
}

// checkTemplateButtons holds that every button that needs a value has one, and no
// other.
func checkTemplateButtons(t Template, use TemplateUse) error {
	given := map[int]bool{}
	for _, v := range use.Buttons {
		if v.Index < 0 || v.Index >= len(t.Buttons) || given[v.Index] {
			return fmt.Errorf("has %d buttons, counted from 0; each takes one value at most", len(t.Buttons))
		}
		given[v.Index] = true
		if !t.Buttons[v.Index].takesValue() {
			return fmt.Errorf("takes no value for its button %d", v.Index)
		}
		if err := checkValue(v.Value, "value for its button "+strconv.Itoa(v.Index), ""); err != nil {
			return err
		}
	}
	for i, b := range t.Buttons {
		if b.needsValue() && !given[i] {
			return fmt.Errorf("needs a value for its button %d", i)
		}
	}
	return nil
}

// needsValue tells whether the channel refuses the template without a value for the
// button, and takesValue whether there may be one.
func (b TemplateButton) needsValue() bool {
	switch strings.ToUpper(b.Type) {
	case "URL":
		return templateVariable.MatchString(b.URL)
	case "COPY_CODE", "OTP":
		return true
	}
	return false
}

func (b TemplateButton) takesValue() bool {
	return b.needsValue() || strings.EqualFold(b.Type, "QUICK_REPLY")
}

// templateVariables are the names of the variables of a text, each once: as they come,
// or by number.
func templateVariables(text string, named bool) []string {
	var names []string
	for _, found := range templateVariable.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(names, found[1]) {
			names = append(names, found[1])
		}
	}
	if !named {
		slices.SortStableFunc(names, func(a, b string) int { return placeOf(a) - placeOf(b) })
	}
	return names
}

// placeOf is the number of a variable; what is none comes first, as it stands.
func placeOf(name string) int {
	n, _ := strconv.Atoi(name)
	return min(n, 1_000_000)
}

// fillTemplate puts the values in. Variables without one stay.
func fillTemplate(text string, named bool, values []TemplateValue) string {
	byName := map[string]string{}
	names := templateVariables(text, named)
	for i, v := range values {
		if named {
			byName[v.Name] = v.Text
		} else if i < len(names) {
			byName[names[i]] = v.Text
		}
	}
	return templateVariable.ReplaceAllStringFunc(text, func(found string) string {
		if value, ok := byName[strings.Trim(found, "{} \t\r\n\f")]; ok {
			return value
		}
		return found
	})
}

// TemplateText is what the customer reads: the header when it is a text, the body and
// the footer, a line each, with the values.
func TemplateText(t Template, use TemplateUse) string {
	header := ""
	if strings.EqualFold(t.HeaderFormat, "TEXT") {
		header = fillTemplate(t.Header, t.Named, use.Header)
	}
	parts := []string{header, fillTemplate(t.Body, t.Named, use.Body), t.Footer}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), "\n")
}

// CompleteTemplate gives the use with what only the template knows and the channel has
// to be told: the types of its buttons, and its category.
func CompleteTemplate(t Template, use TemplateUse) TemplateUse {
	use.Category, use.Buttons = strings.ToUpper(t.Category), slices.Clone(use.Buttons)
	for i, v := range use.Buttons {
		if v.Index >= 0 && v.Index < len(t.Buttons) {
			use.Buttons[i].Type = strings.ToUpper(t.Buttons[v.Index].Type)
		}
	}
	return use
}

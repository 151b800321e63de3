package sources

import (
	"fmt"
	"path"
	"strings"
)

// unreadKinds are documents that are not read, with what to do about each: who has one
// among the others believes that customers are answered from it. Pictures and the like
// are passed over without a word.
var unreadKinds = map[string]string{
	".doc": "an old Word file; save it as DOCX or PDF", ".dot": "an old Word file; save it as DOCX or PDF",
	".docm": "a Word file with macros; save it as DOCX or PDF", ".dotx": "a Word template; save it as DOCX or PDF",
	".rtf": "an RTF file; save it as DOCX or PDF", ".odt": "an OpenDocument text; save it as DOCX or PDF",
	".pages": "a Pages file; save it as DOCX or PDF", ".wpd": "a WordPerfect file; save it as DOCX or PDF",
	".xls": spreadsheet, ".xlsx": spreadsheet, ".xlsm": spreadsheet, ".xlsb": spreadsheet, ".ods": spreadsheet, ".numbers": spreadsheet,
	".ppt": slides, ".pptx": slides, ".pps": slides, ".ppsx": slides, ".odp": slides,
	".epub": "a book; save it as PDF", ".mobi": "a book; save it as PDF", ".xps": "an XPS file; save it as PDF",
	".eml": mail, ".msg": mail, ".mht": savedPage, ".mhtml": savedPage, ".webarchive": savedPage,
	".rar": packing, ".7z": packing, ".tar": packing, ".tgz": packing, ".gz": packing, ".bz2": packing, ".xz": packing, ".zst": packing,
}

const (
	spreadsheet = "a spreadsheet; save its questions and answers as CSV"
	slides      = "a presentation; save it as PDF"
	mail        = "an e-mail; save its text as TXT or PDF"
	savedPage   = "a saved page; save it as HTML"
	packing     = "an archive that is not read; unpack it, or pack it as ZIP"
)

// isUnread says that a file is a document that is not read.
func isUnread(name string) bool { return unreadKinds[strings.ToLower(path.Ext(name))] != "" }

// unreadKind says why a file is not read, and what to do about it.
func unreadKind(name string) error {
	if what := unreadKinds[strings.ToLower(path.Ext(name))]; what != "" {
		return fmt.Errorf("%w: it is %s", ErrKind, what)
	}
	return ErrKind
}

// isHidden says that a file or folder is not meant to be seen: by a dot in front, or by
// the mark of what Office has open.
func isHidden(name string) bool { return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~$") }

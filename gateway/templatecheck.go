package gateway

import "fmt"

// CheckTemplate tells why the channel would refuse a template with these values, as an
// ErrInvalid, or nil.
func CheckTemplate(t Template, use TemplateUse) error {
	if t.Status != "APPROVED" || t.Name != use.Name || t.Language != use.Language {
		return fmt.Errorf("%w: the template %s can't be sent", ErrInvalid, use.Name)
	}
	return nil
}

// TemplateText is what the customer reads.
func TemplateText(t Template, _ TemplateUse) string { return t.Body }

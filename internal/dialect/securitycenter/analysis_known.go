package securitycenter

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// looked is what was looked up for one answer: many of its records are of the
// same plugin, and each look reads and decodes a definition.
type looked struct {
	definitions map[harrier.VulnID]harrier.Vulnerability
	families    map[string]family
}

// definition is that of api, looked up once for an answer.
func (s *asked) definition(ctx context.Context, id harrier.VulnID) harrier.Vulnerability {
	v, ok := s.looked.definitions[id]
	if !ok {
		if s.looked.definitions == nil {
			s.looked.definitions = map[harrier.VulnID]harrier.Vulnerability{}
		}
		v = s.api.definition(ctx, id)
		s.looked.definitions[id] = v
	}
	return v
}

// familyNamed is that of api, looked up once for an answer.
func (s *asked) familyNamed(ctx context.Context, name string) family {
	f, ok := s.looked.families[name]
	if !ok {
		if s.looked.families == nil {
			s.looked.families = map[string]family{}
		}
		f = s.api.familyNamed(ctx, name)
		s.looked.families[name] = f
	}
	return f
}

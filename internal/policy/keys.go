package policy

import "slices"

// Keys are the condition keys that the document asks for, in its conditions and variables: no others need a value in a Request's
// Context. The caller must not change them.
func (d *Document) Keys() []string { return d.keys }

// collectKeys finds them once.
func (d *Document) collectKeys() {
	for i := range d.statements {
		s := &d.statements[i]
		for j := range s.resources {
			d.ofARN(&s.resources[j])
		}
		for j := range s.conditions {
			c := &s.conditions[j]
			d.keys = append(d.keys, c.key)
			for k := range c.texts {
				d.ofPattern(&c.texts[k])
			}
			for k := range c.arns {
				d.ofARN(&c.arns[k])
			}
		}
	}
	slices.Sort(d.keys)
	d.keys = slices.Compact(d.keys)
}

func (d *Document) ofARN(p *arnPattern) {
	d.ofPattern(&p.whole)
	for i := range p.fields {
		d.ofPattern(&p.fields[i])
	}
}

func (d *Document) ofPattern(p *pattern) {
	for _, part := range p.parts {
		if part.kind == variablePart {
			d.keys = append(d.keys, part.text)
		}
	}
}

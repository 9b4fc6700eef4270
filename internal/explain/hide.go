package explain

import "github.com/poolgate/poolgate/internal/gateway/mask"

// hidden is the verdict without tokens: a path, a query or a service's message may hold one, and whatever quotes them then does, too.
func (v *Verdict) hidden() *Verdict {
	for _, text := range []*string{&v.Saw, &v.Expected, &v.Sentence} {
		*text = mask.Tokens(*text)
	}
	hide(v.Mend)
	hide(v.Missing)
	for i := range v.Checks {
		v.Checks[i].Saw, v.Checks[i].Expected = mask.Tokens(v.Checks[i].Saw), mask.Tokens(v.Checks[i].Expected)
	}
	for i := range v.Facts {
		v.Facts[i].Value = mask.Tokens(v.Facts[i].Value)
	}
	for i := range v.Warned {
		v.Warned[i].Sentence = mask.Tokens(v.Warned[i].Sentence)
	}
	for i := range v.Gaps {
		v.Gaps[i].Permission, v.Gaps[i].Message = mask.Tokens(v.Gaps[i].Permission), mask.Tokens(v.Gaps[i].Message)
	}
	return v
}

func hide(texts []string) {
	for i, text := range texts {
		texts[i] = mask.Tokens(text)
	}
}

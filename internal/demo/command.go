package demo

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"sort"
	"strings"
)

// command is an SDK input as a user of the aws CLI would type it, so that what the demo prints is what it sends: the program and the
// operation, then each option with its value.
func command(input any) []string {
	v := reflect.Indirect(reflect.ValueOf(input))
	words := []string{"aws " + cliService(v.Type().PkgPath()) + " " + dashed(strings.TrimSuffix(v.Type().Name(), "Input"))}
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() || v.Field(i).IsZero() {
			continue
		}
		words = append(words, strings.Join(argument(dashed(field.Name), v.Field(i)), " "))
	}
	return words
}

// wrapped is a command of several lines, none wider than it must be, that a shell takes as one.
func wrapped(words []string) string {
	var b strings.Builder
	width := len("$ ")
	for i, word := range words {
		switch n := len([]rune(word)); {
		case i == 0:
			width += n
		case width+len(" ")+n+len(` \`) > widest:
			b.WriteString(" \\\n    ")
			width = len("    ") + n
		default:
			b.WriteByte(' ')
			width += 1 + n
		}
		b.WriteString(word)
	}
	return b.String()
}

func cliService(pkgPath string) string {
	switch name := pkgPath[strings.LastIndexByte(pkgPath, '/')+1:]; name {
	case "cognitoidentityprovider":
		return "cognito-idp"
	default:
		return name
	}
}

// argument is a member as the CLI takes it: a flag for a boolean, words for a list, key=value for what is flat, else JSON.
func argument(name string, v reflect.Value) []string {
	v = reflect.Indirect(v)
	switch v.Kind() {
	case reflect.Bool:
		if v.Bool() {
			return []string{"--" + name}
		}
		return []string{"--no-" + name}
	case reflect.Slice:
		return append([]string{"--" + name}, list(v)...)
	default:
		return []string{"--" + name, quoted(text(v))}
	}
}

// list is one word for each element. A list with a URL is one word of JSON, because version 1 of the CLI fetches a word that is a URL.
func list(v reflect.Value) []string {
	var words, plain []string
	fetched := false
	for i := range v.Len() {
		word := text(v.Index(i))
		fetched = fetched || strings.Contains(word, "://")
		plain = append(plain, word)
		words = append(words, quoted(word))
	}
	if !fetched {
		return words
	}
	raw, _ := json.Marshal(plain)
	return []string{quoted(string(raw))}
}

// text is a value in the CLI's shorthand where that can say it, else as JSON.
func text(v reflect.Value) string {
	v = reflect.Indirect(v)
	switch v.Kind() {
	case reflect.Map:
		return shorthand(mapMembers(v))
	case reflect.Struct:
		return shorthand(structMembers(v))
	case reflect.Slice:
		raw, _ := json.Marshal(v.Interface())
		return string(raw)
	default:
		return fmt.Sprint(v.Interface())
	}
}

type pair struct{ name, value string }

func mapMembers(v reflect.Value) []pair {
	members := make([]pair, 0, v.Len())
	for _, key := range v.MapKeys() {
		members = append(members, pair{key.String(), text(v.MapIndex(key))})
	}
	sort.Slice(members, func(i, j int) bool { return members[i].name < members[j].name })
	return members
}

func structMembers(v reflect.Value) []pair {
	var members []pair
	lowerCase := strings.HasSuffix(v.Type().PkgPath(), "/apigateway/types")
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() || v.Field(i).IsZero() {
			continue
		}
		name := field.Name
		if lowerCase {
			name = strings.ToLower(name[:1]) + name[1:]
		}
		members = append(members, pair{name, text(v.Field(i))})
	}
	return members
}

// shorthand writes key=value,key=value; a name or value that the shorthand would split turns it into JSON.
func shorthand(members []pair) string {
	pairs := make([]string, 0, len(members))
	object := make(map[string]string, len(members))
	plain := true
	for _, m := range members {
		plain = plain && !strings.ContainsAny(m.name, "=,/ \"") && !strings.ContainsAny(m.value, ",{}[]\"' ")
		pairs = append(pairs, m.name+"="+m.value)
		object[m.name] = m.value
	}
	if plain {
		return strings.Join(pairs, ",")
	}
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(object)
	return strings.TrimSpace(b.String())
}

// quoted is a word as a POSIX shell takes it literally.
func quoted(word string) string {
	if word != "" && !strings.ContainsAny(word, " \t\n\"'$`\\|&;<>(){}[]*?!#~") {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

var (
	pluralAcronym = regexp.MustCompile(`[A-Z]{2,}s$`)
	capitalWord   = regexp.MustCompile(`(.)([A-Z][a-z]+)`)
	capitalAfter  = regexp.MustCompile(`([a-z0-9])([A-Z])`)
)

// dashed turns AWS's member names into the CLI's options as the CLI does: ProviderARNs is provider-arns, OAuth is o-auth.
func dashed(name string) string {
	if acronym := pluralAcronym.FindString(name); acronym != "" {
		name = strings.TrimSuffix(name, acronym) + "-" + strings.ToLower(acronym)
	}
	name = capitalWord.ReplaceAllString(name, "$1-$2")
	return strings.ToLower(capitalAfter.ReplaceAllString(name, "$1-$2"))
}

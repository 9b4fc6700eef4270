package apigateway

import (
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// The operations AWS's model knows; move and test are in it and supported nowhere (fact 7.4).
const (
	opAdd     = types.OpAdd
	opReplace = types.OpReplace
	opRemove  = types.OpRemove
	opCopy    = types.OpCopy
)

// patch is one operation on a document, its path taken apart.
type patch struct {
	Op    types.Op
	Path  string
	From  *string
	Value *string
	// keys are the segments that stood where the row's path has {}, unescaped.
	keys []string
	// noPath tells that the operation came without a path.
	noPath bool
}

func (p patch) key() string  { return p.keys[0] }
func (p patch) text() string { return aws.ToString(p.Value) }

// flag reads a boolean as AWS does: whatever is not "true" is false (recorded: replace /apiKeyRequired).
func (p patch) flag() bool { return strings.EqualFold(p.text(), "true") }

// shownPath is the path as AWS's error texts show it: null when there was none.
func (p patch) shownPath() string {
	if p.noPath {
		return "null"
	}
	return p.Path
}

// patchRow is one row of the table of supported operations: a path, what may be done there, and how it is done.
type patchRow[T any] struct {
	// path is a JSON pointer in which a segment {} stands for any one key.
	path  string
	ops   []types.Op
	apply func(doc *T, p patch) error
	// refuse, when set, words the refusal of an operation that is not in ops.
	refuse func(p patch) error
}

// patchTable is what may be patched in one kind of document, and how AWS words a refusal there. Entities add rows,
// not code.
type patchTable[T any] struct {
	rows []patchRow[T]
	// refuse words the refusal of an operation; row is the one with that path, nil when no row has it.
	refuse func(table *patchTable[T], p patch, row *patchRow[T]) error
}

// apply does the operations in order and stops at the first that is refused. The caller drops doc then, so that a
// request is done as a whole or not at all.
func (t *patchTable[T]) apply(doc *T, operations []types.PatchOperation) error {
	for _, o := range operations {
		p := patch{Op: o.Op, Path: aws.ToString(o.Path), From: o.From, Value: o.Value, noPath: o.Path == nil}
		row, keys := t.find(p)
		switch {
		case row == nil:
			return t.refuse(t, p, nil)
		case !slices.Contains(row.ops, p.Op) && row.refuse != nil:
			return row.refuse(p)
		case !slices.Contains(row.ops, p.Op):
			return t.refuse(t, p, row)
		}
		p.keys = keys
		if err := row.apply(doc, p); err != nil {
			return err
		}
	}
	return nil
}

// find returns the row of the operation's path: one that supports the operation, else any.
func (t *patchTable[T]) find(p patch) (found *patchRow[T], keys []string) {
	if p.noPath {
		return nil, nil
	}
	for i := range t.rows {
		row := &t.rows[i]
		captured, ok := matchPointer(row.path, p.Path)
		if !ok {
			continue
		}
		if slices.Contains(row.ops, p.Op) {
			return row, captured
		}
		if found == nil {
			found, keys = row, captured
		}
	}
	return found, keys
}

// paths lists the table's paths in its order, as some refusals do.
func (t *patchTable[T]) paths() string {
	paths := make([]string, len(t.rows))
	for i, row := range t.rows {
		paths[i] = row.path
	}
	return strings.Join(paths, ", ")
}

// matchPointer compares a JSON pointer with a row's path and returns the unescaped segments that met a {}.
func matchPointer(pattern, pointer string) (keys []string, ok bool) {
	for pattern != "" && pointer != "" {
		if pattern[0] != '/' || pointer[0] != '/' {
			return nil, false
		}
		var want, segment string
		want, pattern = cutSegment(pattern)
		segment, pointer = cutSegment(pointer)
		switch {
		case want == "{}" && segment != "":
			keys = append(keys, unescapePointer(segment))
		case want != segment:
			return nil, false
		}
	}
	return keys, pattern == "" && pointer == ""
}

// cutSegment splits "/a/b" into "a" and "/b".
func cutSegment(pointer string) (segment, rest string) {
	pointer = pointer[1:]
	if slash := strings.IndexByte(pointer, '/'); slash >= 0 {
		return pointer[:slash], pointer[slash:]
	}
	return pointer, ""
}

// unescapePointer undoes RFC 6901's escapes: ~1 is a slash, ~0 a tilde.
func unescapePointer(segment string) string {
	return strings.ReplaceAll(strings.ReplaceAll(segment, "~1", "/"), "~0", "~")
}

// refusePlainly is how most entities refuse.
func refusePlainly[T any](_ *patchTable[T], p patch, row *patchRow[T]) error {
	if row == nil {
		return badRequest("Invalid patch path %s", p.shownPath())
	}
	return onlyOperations(row.ops...)
}

// refuseByList is how resources, models, request validators and API keys refuse: all of them know replace only.
func refuseByList[T any](t *patchTable[T], p patch, _ *patchRow[T]) error {
	if p.Op != opReplace {
		return badRequest("Invalid patch path  '%s' specified for op '%s'. Please choose supported operations", p.shownPath(), p.Op)
	}
	return badRequest("Invalid patch path  '%s' specified for op '%s'. Must be one of: [%s]", p.shownPath(), p.Op, t.paths())
}

// onlyOperations says which operations a path takes.
func onlyOperations(ops ...types.Op) error {
	names := make([]string, len(ops))
	for i, op := range ops {
		names[i] = string(op)
	}
	return badRequest("Invalid patch operation specified. Must be one of: [%s]", strings.Join(names, ", "))
}

// refusePath refuses an operation by its path alone.
func refusePath(p patch) error { return badRequest("Invalid patch path %s", p.shownPath()) }

// ops makes a row's list of operations readable.
func ops(list ...types.Op) []types.Op { return list }

// replaceText is the row of a text that can only be replaced. An empty value takes the text away.
func replaceText[T any](path string, field func(*T) **string) patchRow[T] {
	return patchRow[T]{path: path, ops: ops(opReplace), apply: func(doc *T, p patch) error {
		*field(doc) = emptyIsNil(p.Value)
		return nil
	}}
}

// replaceFlag is the row of a boolean that can only be replaced.
func replaceFlag[T any](path string, field func(*T) *bool) patchRow[T] {
	return patchRow[T]{path: path, ops: ops(opReplace), apply: func(doc *T, p patch) error {
		*field(doc) = p.flag()
		return nil
	}}
}

// replaceWord is the row of a word out of a list that can only be replaced; what names the list in the refusal.
func replaceWord[T any, W ~string](path, what string, field func(*T) *W) patchRow[T] {
	return patchRow[T]{path: path, ops: ops(opReplace), apply: func(doc *T, p patch) error {
		word := W(p.text())
		if err := oneOf(what, word); err != nil {
			return err
		}
		*field(doc) = word
		return nil
	}}
}

// oneOf checks a word of an SDK enum against its values; the empty word is the enum unset.
func oneOf[W ~string](what string, word W) error {
	enum, ok := any(word).(interface{ Values() []W })
	if !ok || word == "" || slices.Contains(enum.Values(), word) {
		return nil
	}
	names := make([]string, 0, len(enum.Values()))
	for _, value := range enum.Values() {
		names = append(names, string(value))
	}
	return badRequest("Invalid %s specified. Valid options are %s", what, strings.Join(names, ","))
}

// patchEntry does add, replace and remove on one key of a map. Replacing or removing what is not there is absent; a
// map that lost its last entry is nil, and so left out of answers (recorded: UpdateMethod, UpdateMethodResponse).
func patchEntry[V any](entries *map[string]V, p patch, value V, absent error) error {
	_, there := (*entries)[p.key()]
	if !there && p.Op != opAdd {
		return absent
	}
	if p.Op == opRemove {
		if delete(*entries, p.key()); len(*entries) == 0 {
			*entries = nil
		}
		return nil
	}
	if *entries == nil {
		*entries = make(map[string]V, 1)
	}
	(*entries)[p.key()] = value
	return nil
}

// patchMember does add and remove of a value in a list that is a set.
func patchMember(list []string, p patch, value string) []string {
	list = slices.DeleteFunc(list, func(member string) bool { return member == value })
	if p.Op != opRemove {
		list = append(list, value)
	}
	if len(list) == 0 {
		return nil
	}
	return list
}

// patchInt reads a whole number between two bounds; a value that is none gets the refusal as it stands.
func patchInt(p patch, least, greatest int64, refusal error) (int32, error) {
	n, err := strconv.ParseInt(strings.TrimSpace(p.text()), 10, 32)
	if err != nil || n < least || n > greatest {
		return 0, refusal
	}
	return int32(n), nil
}

func emptyIsNil(text *string) *string {
	if aws.ToString(text) == "" {
		return nil
	}
	return text
}

package wire

import (
	"encoding/base64"
	"math"
	"math/big"
	"reflect"
	"strconv"

	"github.com/poolgate/poolgate/internal/wire/model"
)

// maxElements bounds how many list and map entries one request may hold: a megabyte of "{}," must not become gigabytes.
const maxElements = 50_000

// jsonDecoder fills SDK types from a service's JSON.
type jsonDecoder struct {
	jsonReader
	// everything makes members that travel outside a body part of it, as stored documents have them.
	everything bool
	elements   int
}

// javaNames are how AWS's deserialiser calls what it found, recorded from API Gateway for a number and a boolean.
var javaNames = map[token]string{
	tokenNumber: "class com.amazon.coral.value.json.numbers.TruncatingBigNumber",
	tokenTrue:   "class java.lang.Boolean", tokenFalse: "class java.lang.Boolean", tokenString: "class java.lang.String",
}

// wantedNames are how it calls what it wanted.
var wantedNames = map[model.Kind]string{
	model.String: "String", model.Blob: "String", model.Boolean: "Boolean", model.Integer: "Integer", model.Long: "Long",
	model.Float: "Float", model.Double: "Double", model.Timestamp: "Date",
}

// mismatch is the error for a value of the wrong type.
func mismatch(found token, wanted model.Kind) error {
	switch {
	case found == tokenObject:
		return malformed("Start of structure or map found where not expected.")
	case found == tokenArray:
		return malformed("Start of list found where not expected")
	case wanted == model.List:
		return malformed("Expected list or null")
	case wanted == model.Map || wanted == model.Structure:
		return malformed("Expected map or null")
	}
	return malformed(javaNames[found] + " can not be converted to an " + wantedNames[wanted])
}

// wantedTokens is what each kind begins with.
var wantedTokens = map[model.Kind]token{
	model.Structure: tokenObject, model.Map: tokenObject, model.List: tokenArray, model.String: tokenString, model.Blob: tokenString,
	model.Integer: tokenNumber, model.Long: tokenNumber,
}

// value reads one value into a settable place. A null leaves it as it is and tells so.
func (d *jsonDecoder) value(p *plan, into reflect.Value) (null bool, err error) {
	next, err := d.peek()
	if err != nil {
		return false, err
	}
	if next == tokenNull && p.shape.Kind != model.Document {
		return true, d.literal("null")
	}
	if wanted, one := wantedTokens[p.shape.Kind]; one && next != wanted {
		return false, mismatch(next, p.shape.Kind)
	}
	if p.pointer {
		fresh := reflect.New(p.typ)
		if err := d.plain(p, next, fresh.Elem()); err != nil {
			return false, err
		}
		into.Set(fresh)
		return false, nil
	}
	return false, d.plain(p, next, into)
}

func (d *jsonDecoder) plain(p *plan, next token, into reflect.Value) error {
	switch p.shape.Kind {
	case model.Structure:
		return d.structure(p, into)
	case model.List:
		return d.list(p, into)
	case model.Map:
		return d.mapping(p, into)
	case model.String:
		text, err := d.text()
		if err != nil {
			return err
		}
		into.SetString(string(text))
		return nil
	case model.Blob:
		return d.blob(into)
	case model.Boolean:
		return d.boolean(next, into)
	case model.Integer, model.Long:
		return d.integer(into)
	case model.Float, model.Double:
		return d.float(p, next, into)
	case model.Timestamp:
		return d.timestamp(p, next, into)
	default:
		raw, err := d.raw()
		if err != nil {
			return err
		}
		return setLazyDocument(into, raw)
	}
}

func (d *jsonDecoder) structure(p *plan, into reflect.Value) error {
	if err := d.enter(); err != nil {
		return err
	}
	var seen bitset
	for first := true; ; first = false {
		more, err := d.more(first, '}')
		if err != nil || !more {
			return err
		}
		name, err := d.name()
		if err != nil {
			return err
		}
		i, known := p.byWire[string(name)]
		if !known || !d.everything && p.fields[i].member.At != model.Body {
			if err := d.skip(); err != nil {
				return err
			}
			continue
		}
		if seen.add(i) {
			return malformed("Duplicate field '" + string(name) + "'")
		}
		f := &p.fields[i]
		if _, err := d.value(f.plan, into.Field(f.index)); err != nil {
			return err
		}
	}
}

// element counts one more list or map entry.
func (d *jsonDecoder) element() error {
	if d.elements++; d.elements > maxElements {
		return malformed("The request holds too many elements")
	}
	return nil
}

// list reads an array; nulls in it are dropped, as AWS's own lists have none.
func (d *jsonDecoder) list(p *plan, into reflect.Value) error {
	if err := d.enter(); err != nil {
		return err
	}
	list := reflect.MakeSlice(p.typ, 0, 0)
	for first := true; ; first = false {
		more, err := d.more(first, ']')
		if err != nil {
			return err
		}
		if !more {
			into.Set(list)
			return nil
		}
		if err := d.element(); err != nil {
			return err
		}
		list = reflect.Append(list, reflect.Zero(p.typ.Elem()))
		null, err := d.value(p.elem, list.Index(list.Len()-1))
		if err != nil {
			return err
		}
		if null {
			list = list.Slice(0, list.Len()-1)
		}
	}
}

func (d *jsonDecoder) mapping(p *plan, into reflect.Value) error {
	if err := d.enter(); err != nil {
		return err
	}
	entries := reflect.MakeMap(p.typ)
	for first := true; ; first = false {
		more, err := d.more(first, '}')
		if err != nil {
			return err
		}
		if !more {
			into.Set(entries)
			return nil
		}
		if err := d.element(); err != nil {
			return err
		}
		name, err := d.name()
		if err != nil {
			return err
		}
		key := reflect.ValueOf(string(name)).Convert(p.typ.Key())
		if entries.MapIndex(key).IsValid() {
			return malformed("Duplicate field '" + key.String() + "'")
		}
		entry := reflect.New(p.typ.Elem()).Elem()
		null, err := d.value(p.elem, entry)
		if err != nil {
			return err
		}
		if !null {
			entries.SetMapIndex(key, entry)
		}
	}
}

func (d *jsonDecoder) blob(into reflect.Value) error {
	text, err := d.text()
	if err != nil {
		return err
	}
	decoded := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(decoded, text)
	if err != nil {
		return malformed("Failed to decode base64 content")
	}
	into.SetBytes(decoded[:n])
	return nil
}

func (d *jsonDecoder) boolean(next token, into reflect.Value) error {
	switch next {
	case tokenTrue:
		into.SetBool(true)
		return d.literal("true")
	case tokenFalse:
		into.SetBool(false)
		return d.literal("false")
	}
	return mismatch(next, model.Boolean)
}

// integer cuts a fraction off, as the name of AWS's TruncatingBigNumber promises.
func (d *jsonDecoder) integer(into reflect.Value) error {
	text, err := d.number()
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		if n, err = truncated(text); err != nil {
			return err
		}
	}
	if into.OverflowInt(n) {
		return malformed("Number out of range: " + text)
	}
	into.SetInt(n)
	return nil
}

// truncated reads 1e3 and 1.9. The exponent is looked at first, so that 1e999999999 costs nothing.
func truncated(text string) (int64, error) {
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.Abs(f) >= 1<<63 {
		return 0, malformed("Number out of range: " + text)
	}
	if math.Abs(f) < 1<<53 {
		return int64(f), nil
	}
	exact, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, malformed("Number out of range: " + text)
	}
	whole := new(big.Int).Quo(exact.Num(), exact.Denom())
	if !whole.IsInt64() {
		return 0, malformed("Number out of range: " + text)
	}
	return whole.Int64(), nil
}

// specialFloats are written as strings in AWS's JSON.
var specialFloats = map[string]float64{"NaN": math.NaN(), "Infinity": math.Inf(1), "-Infinity": math.Inf(-1)}

func (d *jsonDecoder) float(p *plan, next token, into reflect.Value) error {
	switch next {
	case tokenString:
		text, err := d.text()
		if err != nil {
			return err
		}
		special, known := specialFloats[string(text)]
		if !known {
			return mismatch(next, p.shape.Kind)
		}
		into.SetFloat(special)
		return nil
	case tokenNumber:
		text, err := d.number()
		if err != nil {
			return err
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || into.OverflowFloat(f) {
			return malformed("Number out of range: " + text)
		}
		into.SetFloat(f)
		return nil
	}
	return mismatch(next, p.shape.Kind)
}

func (d *jsonDecoder) timestamp(p *plan, next token, into reflect.Value) error {
	var text string
	switch next {
	case tokenNumber:
		number, err := d.number()
		if err != nil {
			return err
		}
		text = number
	case tokenString:
		if p.time == model.DefaultTime || p.time == model.UnixTime {
			return mismatch(next, model.Timestamp)
		}
		quoted, err := d.text()
		if err != nil {
			return err
		}
		text = string(quoted)
	default:
		return mismatch(next, model.Timestamp)
	}
	t, err := parseTime(text)
	if err != nil {
		return err
	}
	into.Set(reflect.ValueOf(t))
	return nil
}

// bitset remembers which members were seen; no structure of a model has more than 256.
type bitset [4]uint64

// add tells whether i was there already.
func (b *bitset) add(i int) bool {
	word, bit := i/64%len(b), uint64(1)<<(i%64)
	before := b[word]&bit != 0
	b[word] |= bit
	return before
}

// decodeJSON reads a whole body into a structure. No body at all is an empty structure, as AWS has it.
func decodeJSON(p *plan, data []byte, into reflect.Value, everything bool) error {
	d := jsonDecoder{jsonReader: jsonReader{data: data}, everything: everything}
	if d.space(); d.pos == len(d.data) {
		return nil
	}
	if _, err := d.value(p, into); err != nil {
		return err
	}
	return d.end()
}

package store

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestKeysFindDocumentsAndFollowThem(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		expect := func(what string, key Key, want ...string) {
			t.Helper()
			view(t, s, func(tx *Tx) error {
				found, _, err := people.Find(tx, "pool", key, Page{})
				if err != nil {
					return err
				}
				if diff := cmp.Diff(want, ids(found)); diff != "" {
					t.Errorf("%s: %v: %s", what, key, diff)
				}
				anywhere, err := people.Lookup(tx, key)
				if diff := cmp.Diff(want, ids(anywhere)); diff != "" {
					t.Errorf("%s: %v anywhere: %s", what, key, diff)
				}
				return err
			})
		}
		none := []string{}
		email := func(value string) Key { return Key{Index: "email", Value: value} }
		update(t, s, func(tx *Tx) error {
			if err := people.Insert(tx, "pool", "ann", &person{Emails: []string{"a@x", "shared@x"}}); err != nil {
				return err
			}
			return people.Insert(tx, "pool", "bob", &person{Emails: []string{"b@x", "shared@x", "b@x"}})
		})
		expect("inserted", email("a@x"), "pool/ann")
		expect("a key given twice", email("b@x"), "pool/bob")
		expect("inserted", email("shared@x"), "pool/ann", "pool/bob")
		expect("another case", email("A@x"), none...)
		expect("a prefix is not the key", email("shared"), none...)
		expect("an empty value", Key{Index: "name"}, "pool/ann", "pool/bob")
		expect("another index", Key{Index: "name", Value: "a@x"}, none...)

		update(t, s, func(tx *Tx) error { return people.Put(tx, "pool", "ann", &person{Emails: []string{"new@x", "a@x"}}) })
		expect("put", email("new@x"), "pool/ann")
		expect("kept", email("a@x"), "pool/ann")
		expect("given up", email("shared@x"), "pool/bob")

		update(t, s, func(tx *Tx) error { return people.Delete(tx, "pool", "bob") })
		expect("deleted", email("shared@x"), none...)
		expect("deleted", email("b@x"), none...)
		expect("not deleted", Key{Index: "name"}, "pool/ann")
	})
}

func TestKeysFollowADocumentWhoseKindComputesThemOtherwiseNow(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		was := &Collection[person]{Name: "p", Keys: func(p *person) []Key { return []Key{{"old", p.Name}} }}
		is := &Collection[person]{Name: "p", Keys: func(p *person) []Key { return []Key{{"new", p.Name}} }}
		update(t, s, func(tx *Tx) error { return was.Insert(tx, "", "x", &person{Name: "n"}) })
		update(t, s, func(tx *Tx) error { return is.Put(tx, "", "x", &person{Name: "n"}) })
		view(t, s, func(tx *Tx) error {
			for index, want := range map[string]int{"old": 0, "new": 1} {
				if found, err := is.Lookup(tx, Key{index, "n"}); len(found) != want || err != nil {
					t.Errorf("%s: %d documents, %v", index, len(found), err)
				}
			}
			return nil
		})
	})
}

func TestADocumentMayHaveManyKeys(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		var emails []string
		for i := range 40 {
			emails = append(emails, fmt.Sprintf("%d@example.com", i))
		}
		update(t, s, func(tx *Tx) error { return people.Insert(tx, "pool", "ann", &person{Emails: emails}) })
		view(t, s, func(tx *Tx) error {
			for _, email := range emails {
				if found, err := people.Lookup(tx, Key{"email", email}); err != nil || len(found) != 1 {
					t.Errorf("%s: %d documents, %v", email, len(found), err)
				}
			}
			found, more, err := people.FindPrefix(tx, "pool", Key{Index: "email"}, Page{})
			if len(found) != 1 || more {
				t.Errorf("one document with many keys of a prefix is found %d times, more %v", len(found), more)
			}
			return err
		})
	})
}

func TestAPrefixFindsWhatBeginsWithItByteByByte(t *testing.T) {
	values := append(slices.Clone(strange), "", "ab\xff", "ab\xff\xff", "a\xfe", "abc", "日本語", strings.Repeat("\xff", 3))
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		update(t, s, func(tx *Tx) error {
			for i, value := range values {
				if err := people.Insert(tx, "pool", fmt.Sprintf("%03d", i), &person{Name: value}); err != nil {
					return err
				}
			}
			return people.Insert(tx, "pool2", "elsewhere", &person{Name: "ab"})
		})
		view(t, s, func(tx *Tx) error {
			for _, prefix := range values {
				want := []string{}
				for i, value := range values {
					if strings.HasPrefix(value, prefix) {
						want = append(want, fmt.Sprintf("pool/%03d", i))
					}
				}
				found, more, err := people.FindPrefix(tx, "pool", Key{Index: "name", Value: prefix}, Page{})
				if err != nil || more {
					return fmt.Errorf("%q: more %v, %w", prefix, more, err)
				}
				if diff := cmp.Diff(want, ids(found)); diff != "" {
					t.Errorf("%q: %s", prefix, diff)
				}
			}
			return nil
		})
	})
}

func TestALookupIsBounded(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		update(t, s, func(tx *Tx) error {
			for i := range maxLookup + 5 {
				if err := people.Insert(tx, fmt.Sprintf("pool%03d", i), "x", &person{Name: "same"}); err != nil {
					return err
				}
			}
			return nil
		})
		view(t, s, func(tx *Tx) error {
			found, err := people.Lookup(tx, Key{Index: "name", Value: "same"})
			if len(found) != maxLookup || found[0].Scope != "pool000" {
				t.Errorf("found %d", len(found))
			}
			return err
		})
	})
}

func FuzzKeysSurviveEncoding(f *testing.F) {
	f.Add("name", "value", "", "\x00\xff")
	f.Fuzz(func(t *testing.T, a, b, c, d string) {
		keys := sortKeys([]Key{{a, b}, {c, d}, {b, a}})
		if diff := cmp.Diff(keys, decodeKeys(encodeKeys(keys))); diff != "" {
			t.Error(diff)
		}
	})
}

func FuzzDecodingKeysEndsWhateverTheBytes(f *testing.F) {
	f.Add([]byte{5, 'a'})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01})
	f.Fuzz(func(t *testing.T, encoded []byte) {
		if keys := decodeKeys(encoded); len(keys) > len(encoded)/2 {
			t.Errorf("%d keys from %d bytes", len(keys), len(encoded))
		}
	})
}

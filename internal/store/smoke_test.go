package store

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

type thing struct{ Name string }

var things = &Collection[thing]{Name: "thing", Version: 1, Keys: func(t *thing) []Key { return []Key{{"name", t.Name}} }}

func TestSmoke(t *testing.T) {
	for _, loc := range []string{":memory:", t.TempDir()} {
		s, err := Open(t.Context(), Options{Location: loc})
		if err != nil {
			t.Fatal(err)
		}
		told := ""
		s.Watch("a/", func(topic string) { told += topic })
		err = s.Update(context.Background(), func(tx *Tx) error {
			tx.Bump("a/b")
			if err := things.Insert(tx, "", "x", &thing{""}); err != nil {
				return err
			}
			if err := things.Insert(tx, "", "y", &thing{"yes"}); err != nil {
				return err
			}
			if err := things.Insert(tx, "", "y", &thing{"yes"}); !errors.Is(err, ErrExists) {
				return fmt.Errorf("got %v", err)
			}
			return things.Put(tx, "", "y", &thing{"yo"})
		})
		if err != nil {
			t.Fatal(err)
		}
		err = s.View(context.Background(), func(tx *Tx) error {
			for _, p := range []string{"", "y", "yo", "yos"} {
				f, more, err := things.FindPrefix(tx, "", Key{"name", p}, Page{Limit: 1})
				t.Log(p, len(f), more, err)
			}
			f, err := things.Lookup(tx, Key{"name", "yo"})
			t.Log(len(f), err)
			return things.Delete(tx, "", "x")
		})
		t.Log(err, told, s.Check(t.Context()))
		t.Log(s.Update(t.Context(), func(*Tx) error { return s.Update(t.Context(), nil) }))
		_, err = Open(t.Context(), Options{Location: loc})
		t.Log(err)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s, err = Open(t.Context(), Options{Location: loc})
		t.Log(err)
		s.Close()
	}
}

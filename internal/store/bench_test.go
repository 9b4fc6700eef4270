package store

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func filled(b *testing.B, documents int) *Store {
	b.Helper()
	s := mustOpen(b, Options{Location: b.TempDir()})
	update(b, s, func(tx *Tx) error {
		for i := range documents {
			if err := people.Insert(tx, "pool", fmt.Sprintf("user%05d", i), somebody(i)); err != nil {
				return err
			}
		}
		return nil
	})
	return s
}

// somebody is about the size of a user.
func somebody(i int) *person {
	return &person{Name: fmt.Sprintf("user%05d", i), Emails: []string{fmt.Sprintf("user%05d@example.com", i)}, Note: strings.Repeat("v", 600)}
}

func BenchmarkRead(b *testing.B) {
	s := filled(b, 10_000)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i = (i + 7919) % 10_000
		id := fmt.Sprintf("user%05d", i)
		err := s.View(b.Context(), func(tx *Tx) error { _, err := people.Get(tx, "pool", id); return err })
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadInParallel(b *testing.B) {
	s := filled(b, 10_000)
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for i := 0; p.Next(); i = (i + 7919) % 10_000 {
			id := fmt.Sprintf("user%05d", i)
			err := s.View(b.Context(), func(tx *Tx) error { _, err := people.Get(tx, "pool", id); return err })
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkFindByKeyAmong10000(b *testing.B) {
	s := filled(b, 10_000)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		i = (i + 7919) % 10_000
		key := Key{Index: "email", Value: fmt.Sprintf("user%05d@example.com", i)}
		err := s.View(b.Context(), func(tx *Tx) error {
			found, _, err := people.Find(tx, "pool", key, Page{})
			if len(found) != 1 {
				b.Fatalf("found %d", len(found))
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDurableWrite(b *testing.B) {
	s := filled(b, 10_000)
	b.ReportAllocs()
	i := 0
	for n := 0; b.Loop(); n++ {
		i = (i + 7919) % 10_000
		// Each time another content: SQLite does not write what is there already.
		changed := somebody(i)
		changed.Age = 1000 + n
		err := s.Update(b.Context(), func(tx *Tx) error { return people.Put(tx, "pool", fmt.Sprintf("user%05d", i), changed) })
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDurableInsertWithKeys(b *testing.B) {
	s := filled(b, 10_000)
	b.ReportAllocs()
	i := 10_000
	for b.Loop() {
		i++
		err := s.Update(b.Context(), func(tx *Tx) error { return people.Insert(tx, "pool", fmt.Sprintf("user%05d", i), somebody(i)) })
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDurableWriteInParallel(b *testing.B) {
	s := filled(b, 10_000)
	b.SetParallelism(8)
	var written atomic.Int64
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			n := int(written.Add(1))
			i := n * 7919 % 10_000
			changed := somebody(i)
			changed.Age = 1000 + n
			err := s.Update(b.Context(), func(tx *Tx) error { return people.Put(tx, "pool", fmt.Sprintf("user%05d", i), changed) })
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkSeal(b *testing.B) {
	s := mustOpen(b, Options{Location: memoryLocation})
	b.ReportAllocs()
	for b.Loop() {
		sealed := s.Seal("client-secret/p/c", testKey)
		if _, err := s.Unseal("client-secret/p/c", sealed); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpenAnExistingDatabase(b *testing.B) {
	directory := b.TempDir()
	b.Setenv(sealKeyVariable, "")
	for b.Loop() {
		s, err := Open(b.Context(), Options{Location: directory})
		if err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
}

func TestOpeningAnExistingDatabaseIsQuick(t *testing.T) {
	withoutKeys(t)
	directory := t.TempDir()
	best := time.Hour
	for range 10 {
		began := time.Now()
		s, err := Open(t.Context(), Options{Location: directory})
		took := time.Since(began)
		if err != nil {
			t.Fatal(err)
		}
		best = min(best, took)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	// The best of ten, and generous: a busy machine and the race detector are not what is measured here. It takes 1.4 ms alone.
	if best > 50*time.Millisecond {
		t.Errorf("it takes %v", best)
	}
}

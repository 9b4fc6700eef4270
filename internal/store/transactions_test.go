package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

var errOwn = errors.New("the caller's own")

func TestAFailedUpdateLeavesNothing(t *testing.T) {
	write := func(tx *Tx) {
		if err := people.Put(tx, "pool", "ann", &person{Name: "changed"}); err != nil {
			panic(err)
		}
		if err := people.Insert(tx, "pool", "new", &person{}); err != nil {
			panic(err)
		}
		tx.Bump("people/ann")
	}
	ends := map[string]func(*Store) error{
		"an error": func(s *Store) error {
			return s.Update(context.Background(), func(tx *Tx) error { write(tx); return errOwn })
		},
		"a panic": func(s *Store) (err error) {
			defer func() { err = recover().(error) }()
			return s.Update(context.Background(), func(tx *Tx) error { write(tx); panic(errOwn) })
		},
		"the end of its goroutine": func(s *Store) error {
			done := make(chan struct{})
			go func() {
				defer close(done)
				_ = s.Update(context.Background(), func(tx *Tx) error { write(tx); runtime.Goexit(); return nil })
			}()
			<-done
			return errOwn
		},
		"a deadline that passes": func(s *Store) error {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
			defer cancel()
			err := s.Update(ctx, func(tx *Tx) error { write(tx); <-ctx.Done(); return nil })
			if errors.Is(err, context.DeadlineExceeded) {
				return errOwn
			}
			return err
		},
		"a cancelled context": func(s *Store) error {
			ctx, cancel := context.WithCancel(context.Background())
			err := s.Update(ctx, func(tx *Tx) error { write(tx); cancel(); return nil })
			if errors.Is(err, context.Canceled) {
				return errOwn
			}
			return err
		},
	}
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			eachBackend(t, func(t *testing.T, d *database) {
				s := d.node()
				update(t, s, func(tx *Tx) error { return people.Insert(tx, "pool", "ann", &person{Name: "Ann"}) })
				var told atomic.Int64
				s.Watch("people/", func(string) { told.Add(1) })
				if err := end(s); !errors.Is(err, errOwn) {
					t.Fatalf("it ended with %v", err)
				}
				view(t, s, func(tx *Tx) error {
					if got, err := people.Get(tx, "pool", "ann"); err != nil || got.Name != "Ann" {
						t.Errorf("ann is %v, %v", got, err)
					}
					if n, err := people.Count(tx, "pool"); n != 1 || err != nil {
						t.Errorf("%d people, %v", n, err)
					}
					return nil
				})
				if told.Load() != 0 {
					t.Error("a bump that never was has been told")
				}
				// The store goes on.
				update(t, s, func(tx *Tx) error { write(tx); return nil })
				if told.Load() == 0 {
					t.Error("a bump that was has not been told")
				}
			})
		})
	}
}

func TestAViewCannotWrite(t *testing.T) {
	writes := map[string]func(*Tx) error{
		"Insert":      func(tx *Tx) error { return people.Insert(tx, "pool", "new", &person{}) },
		"Put":         func(tx *Tx) error { return people.Put(tx, "pool", "ann", &person{}) },
		"Delete":      func(tx *Tx) error { return people.Delete(tx, "pool", "ann") },
		"DeleteScope": func(tx *Tx) error { _, err := people.DeleteScope(tx, "pool"); return err },
		"Bump":        func(tx *Tx) error { tx.Bump("people/ann"); return nil },
		"a write whose error is ignored": func(tx *Tx) error {
			_ = people.Delete(tx, "pool", "ann")
			return nil
		},
	}
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		update(t, s, func(tx *Tx) error { return people.Insert(tx, "pool", "ann", &person{Name: "Ann"}) })
		for name, write := range writes {
			if err := s.View(t.Context(), write); !errors.Is(err, errReadOnly) {
				t.Errorf("%s: %v", name, err)
			}
		}
		view(t, s, func(tx *Tx) error {
			got, err := people.Get(tx, "pool", "ann")
			if err != nil || got.Name != "Ann" {
				t.Errorf("ann is %v, %v", got, err)
			}
			return nil
		})
	})
}

func TestTheCallersErrorComesBackAsItIs(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		for name, run := range map[string]func(context.Context, func(*Tx) error) error{"View": s.View, "Update": s.Update} {
			runs := 0
			err := run(t.Context(), func(*Tx) error { runs++; return errOwn })
			if err != errOwn || runs != 1 {
				t.Errorf("%s: %v after %d runs", name, err, runs)
			}
		}
	})
}

func TestEveryTransactionHasADeadline(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		for name, run := range map[string]func(context.Context, func(*Tx) error) error{"View": s.View, "Update": s.Update} {
			err := run(context.Background(), func(tx *Tx) error {
				deadline, ok := tx.ctx.Deadline()
				if left := time.Until(deadline); !ok || left > defaultDeadline || left < defaultDeadline/2 {
					t.Errorf("%s: %v left (%v)", name, left, ok)
				}
				return nil
			})
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			over, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
			defer cancel()
			err = run(over, func(*Tx) error { t.Errorf("%s ran after its deadline", name); return nil })
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s after its deadline: %v", name, err)
			}
		}
	})
}

func TestAnUpdateWithinATransactionIsRefused(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		for name, outer := range map[string]func(context.Context, func(*Tx) error) error{"View": s.View, "Update": s.Update} {
			err := outer(t.Context(), func(*Tx) error {
				return s.Update(t.Context(), func(*Tx) error { t.Error("it ran"); return nil })
			})
			if !errors.Is(err, errNested) {
				t.Errorf("in %s: %v", name, err)
			}
		}
	})
}

func TestCountingTogetherLosesNothing(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		nodes := []*Store{d.node(), d.node()}
		update(t, nodes[0], func(tx *Tx) error { return people.Insert(tx, "pool", "counter", &person{}) })
		const workers, rounds = 8, 15
		together(workers, func(i int) {
			for range rounds {
				ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
				err := nodes[i%len(nodes)].Update(ctx, func(tx *Tx) error {
					counter, err := people.Get(tx, "pool", "counter")
					if err != nil {
						// What the caller makes of a collision must not hide it.
						return fmt.Errorf("hidden: %v", err)
					}
					counter.Age++
					return people.Put(tx, "pool", "counter", counter)
				})
				cancel()
				if err != nil {
					t.Error(err)
				}
			}
		})
		view(t, nodes[1], func(tx *Tx) error {
			counter, err := people.Get(tx, "pool", "counter")
			if err == nil && counter.Age != workers*rounds {
				t.Errorf("counted %d of %d", counter.Age, workers*rounds)
			}
			return err
		})
	})
}

// Two that each read both accounts and write one of them are the case which snapshots alone let through.
func TestTransactionsAreSerializable(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		nodes := []*Store{d.node(), d.node()}
		accounts := []string{"left", "right"}
		for range 20 {
			update(t, nodes[0], func(tx *Tx) error {
				return errors.Join(people.Put(tx, "bank", "left", &person{Age: 1}), people.Put(tx, "bank", "right", &person{Age: 0}))
			})
			together(2, func(i int) {
				err := nodes[i].Update(t.Context(), func(tx *Tx) error {
					left, err1 := people.Get(tx, "bank", "left")
					right, err2 := people.Get(tx, "bank", "right")
					if err := errors.Join(err1, err2); err != nil {
						return err
					}
					if left.Age+right.Age < 1 {
						return nil
					}
					mine := []*person{left, right}[i]
					mine.Age--
					return people.Put(tx, "bank", accounts[i], mine)
				})
				if err != nil {
					t.Error(err)
				}
			})
			view(t, nodes[0], func(tx *Tx) error {
				found, _, err := people.List(tx, "bank", Page{})
				if err == nil && found[0].Value.Age+found[1].Value.Age != 0 {
					t.Errorf("the same coin was spent twice: %d and %d", found[0].Value.Age, found[1].Value.Age)
				}
				return err
			})
		}
	})
}

func TestAViewSeesOneMoment(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		nodes := []*Store{d.node(), d.node()}
		write := func(s *Store, n int) error {
			return s.Update(t.Context(), func(tx *Tx) error {
				return errors.Join(people.Put(tx, "pair", "a", &person{Age: n}), people.Put(tx, "pair", "b", &person{Age: n}))
			})
		}
		if err := write(nodes[0], 0); err != nil {
			t.Fatal(err)
		}
		var done atomic.Bool
		together(3, func(i int) {
			if i == 0 {
				defer done.Store(true)
				for n := range 40 {
					if err := write(nodes[0], n); err != nil {
						t.Error(err)
					}
				}
				return
			}
			for !done.Load() {
				view(t, nodes[i%2], func(tx *Tx) error {
					a, err1 := people.Get(tx, "pair", "a")
					runtime.Gosched()
					b, err2 := people.Get(tx, "pair", "b")
					if err := errors.Join(err1, err2); err != nil {
						return err
					}
					if a.Age != b.Age {
						t.Errorf("a view saw %d and %d", a.Age, b.Age)
					}
					return nil
				})
			}
		})
	})
}

func TestOfManyWhoInsertTheSameOneDoes(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		nodes := []*Store{d.node(), d.node()}
		for round := range 5 {
			var inserted, refused atomic.Int64
			together(6, func(i int) {
				err := nodes[i%2].Update(t.Context(), func(tx *Tx) error {
					return people.Insert(tx, "pool", fmt.Sprint(round), &person{Name: "same", Age: i})
				})
				switch {
				case err == nil:
					inserted.Add(1)
				case errors.Is(err, ErrExists):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
			if inserted.Load() != 1 || refused.Load() != 5 {
				t.Errorf("%d inserted, %d were told that it exists", inserted.Load(), refused.Load())
			}
		}
	})
}

func TestTheHealthCheckReadsAndWrites(t *testing.T) {
	eachBackend(t, func(t *testing.T, d *database) {
		s := d.node()
		if err := s.Check(t.Context()); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := s.Check(t.Context()); err == nil {
			t.Error("a closed store is healthy")
		}
		if err := s.Close(); err != nil {
			t.Errorf("closing again: %v", err)
		}
	})
}

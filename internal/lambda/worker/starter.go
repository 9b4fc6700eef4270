package worker

import "runtime"

// starter starts processes on one thread that lives as long as the pool: the kernel kills a child with its parent's death
// signal when the thread that started it ends, and Go ends threads as it likes.
type starter struct{ work chan func() }

func newStarter() *starter {
	s := &starter{work: make(chan func())}
	go func() {
		runtime.LockOSThread()
		for fn := range s.work {
			fn()
		}
	}()
	return s
}

func (s *starter) do(fn func()) {
	done := make(chan struct{})
	s.work <- func() { defer close(done); fn() }
	<-done
}

func (s *starter) close() { close(s.work) }

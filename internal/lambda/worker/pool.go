package worker

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/poolgate/poolgate/internal/logs"
)

// Options of a Pool. Dir is required.
type Options struct {
	// Dir is a directory of the pool's own, outside of what functions may not read. Everything in it is disposable.
	Dir string
	// Logs gets the functions' output; nil drops it.
	Logs logs.Writer
	// Credentials makes what a process of a function knows of who it is, as variables of its environment, and tells how to
	// take that back when the process has ended. Nil gives none.
	Credentials func(*Spec) (variables map[string]string, revoke func())
	// Most bounds the processes; zero means 100.
	Most int
	// IdleAfter is how long a process is kept warm; zero means five minutes.
	IdleAfter time.Duration
	// Patience is how long an event waits for one of the bounded processes; zero means two seconds.
	Patience time.Duration
	// StartWithin is how long a process may take until it asks for its first event; zero means ten seconds, as on AWS.
	StartWithin time.Duration
	Log         *slog.Logger
}

// grace is how long an event waits for a process that has answered and is about to ask for more, before another is started.
const grace = 50 * time.Millisecond

// Pool keeps the processes. It is safe for concurrent use.
type Pool struct {
	options    Options
	users      users
	bootstraps string
	starter    *starter

	mu      sync.Mutex
	closed  bool
	idle    map[string][]*process
	all     map[*process]struct{}
	perFunc map[string]int
	// finishing counts, by key, the processes that have answered and not yet asked for more.
	finishing map[string]int
	// waiting are events that want a process of a key, in the order in which they came.
	waiting map[string][]chan *process
	// freed is closed and made anew whenever a process ends, or becomes one that may make room.
	freed   chan struct{}
	running sync.WaitGroup
	sweeper *time.Ticker
	stop    chan struct{}
}

// New prepares the directory and returns a pool without processes.
func New(o Options) (*Pool, error) {
	if o.Most <= 0 {
		o.Most = 100
	}
	if o.IdleAfter <= 0 {
		o.IdleAfter = 5 * time.Minute
	}
	if o.Patience <= 0 {
		o.Patience = 2 * time.Second
	}
	if o.StartWithin <= 0 {
		o.StartWithin = 10 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &Pool{
		options: o, users: newUsers(o.Most), bootstraps: filepath.Join(o.Dir, "runtime"), starter: newStarter(),
		idle: map[string][]*process{}, all: map[*process]struct{}{}, perFunc: map[string]int{}, finishing: map[string]int{},
		waiting: map[string][]chan *process{}, freed: make(chan struct{}), stop: make(chan struct{}),
	}
	if err := writeBootstraps(p.bootstraps); err != nil {
		p.starter.close()
		return nil, err
	}
	p.sweeper = time.NewTicker(max(o.IdleAfter/4, time.Millisecond))
	go p.sweepIdle()
	return p, nil
}

// Close kills every process, waits until all are gone, and removes what they wrote.
func (p *Pool) Close() error {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil
	}
	p.closed = true
	victims := make([]*process, 0, len(p.all))
	for w := range p.all {
		victims = append(victims, w)
	}
	p.mu.Unlock()
	close(p.stop)
	p.sweeper.Stop()
	for _, w := range victims {
		w.kill(causeClosed)
	}
	for _, w := range victims {
		<-w.gone
	}
	p.running.Wait()
	p.starter.close()
	return os.RemoveAll(p.bootstraps)
}

// enter counts an invocation in, unless the pool is closed.
func (p *Pool) enter() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.running.Add(1)
	return true
}

// acquire finds a warm process for spec, or starts one.
func (p *Pool) acquire(spec *Spec) (*process, error) {
	patience := time.NewTimer(p.options.Patience)
	defer patience.Stop()
	for {
		p.mu.Lock()
		if p.closed {
			p.mu.Unlock()
			return nil, ErrClosed
		}
		if warm := p.popIdle(spec.Key); warm != nil {
			warm.state = stateOwned
			p.mu.Unlock()
			return warm, nil
		}
		if p.finishing[spec.Key] > len(p.waiting[spec.Key]) {
			if warm := p.await(spec.Key); warm != nil {
				return warm, nil
			}
			p.mu.Lock()
		}
		if spec.Reserved >= 0 && p.perFunc[spec.Function] >= spec.Reserved {
			p.mu.Unlock()
			return nil, ErrReserved
		}
		if len(p.all) < p.options.Most {
			fresh := newProcess(p, spec)
			p.all[fresh] = struct{}{}
			p.perFunc[spec.Function]++
			p.mu.Unlock()
			return fresh, fresh.start()
		}
		freed := p.freed
		evicted := p.popAnyIdle()
		p.mu.Unlock()
		if evicted != nil {
			evicted.kill(causeIdle)
		}
		select {
		case <-freed:
		case <-patience.C:
			return nil, ErrBusy
		}
	}
}

// popIdle takes the warm process that was used last, so that the others may grow idle. p.mu is held.
func (p *Pool) popIdle(key string) *process {
	list := p.idle[key]
	if len(list) == 0 {
		return nil
	}
	last := list[len(list)-1]
	if list = list[:len(list)-1]; len(list) == 0 {
		delete(p.idle, key)
	} else {
		p.idle[key] = list
	}
	return last
}

// popAnyIdle takes the process that has been idle longest, of whichever function. p.mu is held.
func (p *Pool) popAnyIdle() *process {
	var oldest *process
	for _, list := range p.idle {
		if oldest == nil || list[0].idleSince.Before(oldest.idleSince) {
			oldest = list[0]
		}
	}
	if oldest != nil {
		p.dropIdle(oldest)
	}
	return oldest
}

func (p *Pool) dropIdle(w *process) {
	key := w.spec.Key
	p.idle[key] = slices.DeleteFunc(p.idle[key], func(other *process) bool { return other == w })
	if len(p.idle[key]) == 0 {
		delete(p.idle, key)
	}
}

// await waits a moment for a process that is about to be free. p.mu is held on entry and released on return.
func (p *Pool) await(key string) *process {
	hand := make(chan *process, 1)
	p.waiting[key] = append(p.waiting[key], hand)
	p.mu.Unlock()
	moment := time.NewTimer(grace)
	defer moment.Stop()
	select {
	case warm := <-hand:
		return warm
	case <-moment.C:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting[key] = slices.DeleteFunc(p.waiting[key], func(other chan *process) bool { return other == hand })
	if len(p.waiting[key]) == 0 {
		delete(p.waiting, key)
	}
	select {
	case warm := <-hand:
		return warm
	default:
		return nil
	}
}

// ready takes a process back that asks for its next event.
func (p *Pool) ready(w *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.state != stateFinishing {
		return
	}
	w.settle()
	w.state = stateOwned
	if w.retired || p.closed {
		go w.kill(causeIdle)
		return
	}
	key := w.spec.Key
	if list := p.waiting[key]; len(list) > 0 {
		if p.waiting[key] = list[1:]; len(list) == 1 {
			delete(p.waiting, key)
		}
		list[0] <- w
		return
	}
	w.state, w.idleSince = stateIdle, time.Now()
	p.idle[key] = append(p.idle[key], w)
	if len(p.all) >= p.options.Most {
		p.tellFreed()
	}
}

// forget takes a process out that has ended.
func (p *Pool) forget(w *process) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w.settle()
	w.state = stateOwned
	p.dropIdle(w)
	delete(p.all, w)
	if p.perFunc[w.spec.Function]--; p.perFunc[w.spec.Function] == 0 {
		delete(p.perFunc, w.spec.Function)
	}
	p.users.give(w.user)
	p.tellFreed()
}

// tellFreed wakes whoever waits for room. p.mu is held.
func (p *Pool) tellFreed() {
	close(p.freed)
	p.freed = make(chan struct{})
}

// Retire stops the processes of a function that changed: the idle ones now, the busy ones when they have answered.
func (p *Pool) Retire(function string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.all {
		if w.spec.Function == function {
			w.retired = true
		}
	}
	for _, list := range p.idle {
		for _, w := range list {
			if w.retired {
				go w.kill(causeIdle)
			}
		}
	}
	for key, list := range p.idle {
		if list[0].spec.Function == function {
			delete(p.idle, key)
		}
	}
}

// Directories tells which directories of code and layers the processes run from.
func (p *Pool) Directories() map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	used := map[string]bool{}
	for w := range p.all {
		used[w.spec.Code], used[w.spec.Layers] = true, true
	}
	return used
}

// Processes tells how many there are.
func (p *Pool) Processes() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.all)
}

// sweepIdle stops what has been idle for too long.
func (p *Pool) sweepIdle() {
	for {
		select {
		case <-p.stop:
			return
		case <-p.sweeper.C:
		}
		var victims []*process
		p.mu.Lock()
		for _, list := range p.idle {
			for _, w := range list {
				if time.Since(w.idleSince) >= p.options.IdleAfter {
					victims = append(victims, w)
				}
			}
		}
		for _, w := range victims {
			p.dropIdle(w)
		}
		p.mu.Unlock()
		for _, w := range victims {
			w.kill(causeIdle)
		}
	}
}

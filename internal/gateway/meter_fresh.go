package gateway

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// freshTimeout bounds how long a request waits for something to be loaded.
const freshTimeout = 5 * time.Second

// fresh holds something that is loaded when it is first asked for and forgotten when it changed. Reading it takes no lock.
type fresh[T any] struct {
	value atomic.Pointer[T]
	// version counts the changes that were told of; what was loaded under an older one is not kept.
	version atomic.Uint64
	loading sync.Mutex
}

// get returns the value, loading it when nobody did. Others who ask meanwhile wait for the same one; a change that is told of while it
// loads makes it load again.
func (f *fresh[T]) get(ctx context.Context, load func(context.Context) (*T, error)) (*T, error) {
	if value := f.value.Load(); value != nil {
		return value, nil
	}
	f.loading.Lock()
	defer f.loading.Unlock()
	// One client that goes away must not fail the others.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), freshTimeout)
	defer cancel()
	for {
		if value := f.value.Load(); value != nil {
			return value, nil
		}
		version := f.version.Load()
		value, err := load(ctx)
		if err != nil {
			return nil, err
		}
		f.value.Store(value)
		if f.version.Load() == version {
			return value, nil
		}
		f.value.CompareAndSwap(value, nil)
	}
}

// forget drops the value: it changed.
func (f *fresh[T]) forget() {
	f.version.Add(1)
	f.value.Store(nil)
}

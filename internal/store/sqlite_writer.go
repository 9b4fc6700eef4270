package store

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"
)

// A durable commit is a wait for the disk, hundreds of times as long as the work before it. So Updates that come while
// another is at work share one: whoever ends hands the open transaction to the next who waits, and the last one commits
// for all. Each of them is a savepoint that can be rolled back alone, and none returns before the commit that it is in.
const (
	maxGroup    = 64
	maxGroupAge = 3 * time.Millisecond
)

// commitGroup is the Updates that share a commit.
type commitGroup struct {
	members int
	began   time.Time
	// done is closed when the group was committed, or failed; err tells which.
	done chan struct{}
	err  error
}

// sqliteWriter lends the one connection that writes, to one after the other, in the order in which they ask.
type sqliteWriter struct {
	open func() (*sqliteConn, error)
	// grouping is false for a database in memory: nothing is waited for there, and its readers ask here too.
	grouping bool
	// age is how old a group may be when another joins it.
	age    time.Duration
	closed <-chan struct{}

	mu sync.Mutex
	// idle is the connection while nobody has it. It is nil too when it broke and has to be opened anew.
	idle    *sqliteConn
	lent    bool
	waiting []chan *sqliteConn
}

// take gives the connection, with an open transaction if there is a group to join. Whoever has to wait may be waiting
// for itself.
func (w *sqliteWriter) take(ctx context.Context) (*sqliteConn, error) {
	w.mu.Lock()
	if !w.lent {
		conn := w.idle
		w.idle, w.lent = nil, true
		w.mu.Unlock()
		return w.whole(conn)
	}
	w.mu.Unlock()
	if nested() {
		return nil, errNested
	}
	return w.wait(ctx, w.closed)
}

func (w *sqliteWriter) wait(ctx context.Context, closed <-chan struct{}) (*sqliteConn, error) {
	turn := make(chan *sqliteConn, 1)
	w.mu.Lock()
	if !w.lent {
		turn <- w.idle
		w.idle, w.lent = nil, true
	} else {
		w.waiting = append(w.waiting, turn)
	}
	w.mu.Unlock()
	var err error
	select {
	case conn := <-turn:
		return w.whole(conn)
	case <-closed:
		err = errClosed
	case <-ctx.Done():
		err = fmt.Errorf("store: waiting to write: %w", ctx.Err())
	}
	w.mu.Lock()
	i := slices.Index(w.waiting, turn)
	if i >= 0 {
		w.waiting = slices.Delete(w.waiting, i, i+1)
	}
	w.mu.Unlock()
	if i < 0 {
		// It came at the same moment, perhaps with a transaction that others wait for.
		w.give(<-turn)
	}
	return nil, err
}

// whole opens the connection anew when it broke.
func (w *sqliteWriter) whole(conn *sqliteConn) (*sqliteConn, error) {
	if conn != nil {
		return conn, nil
	}
	conn, err := w.open()
	if err != nil {
		w.give(nil)
		return nil, fmt.Errorf("store: open the database again: %w", err)
	}
	return conn, nil
}

// give hands the connection on. An open transaction goes to the next who waits; without one, or when the group is
// full, it is committed first.
func (w *sqliteWriter) give(conn *sqliteConn) {
	w.mu.Lock()
	if conn != nil && conn.group != nil && (len(w.waiting) == 0 || w.full(conn.group)) {
		w.mu.Unlock()
		conn = w.commit(conn)
		w.mu.Lock()
	}
	defer w.mu.Unlock()
	if len(w.waiting) == 0 {
		w.idle, w.lent = conn, false
		return
	}
	next := w.waiting[0]
	w.waiting = slices.Delete(w.waiting, 0, 1)
	next <- conn
}

func (w *sqliteWriter) full(group *commitGroup) bool {
	return !w.grouping || group.members >= maxGroup || time.Since(group.began) > w.age
}

// commit makes a group durable and lets its members go. It gives nil when the connection is not fit for more.
func (w *sqliteWriter) commit(conn *sqliteConn) *sqliteConn {
	group := conn.group
	conn.group = nil
	_, group.err = conn.exec("COMMIT")
	if group.err != nil {
		conn = w.abandon(conn)
	}
	close(group.done)
	return conn
}

// abandon rolls a transaction back, and throws a connection away that cannot.
func (w *sqliteWriter) abandon(conn *sqliteConn) *sqliteConn {
	if _, err := conn.exec("ROLLBACK"); err == nil || !w.grouping {
		return conn
	}
	_ = conn.close()
	return nil
}

// close waits for the connection and keeps it from everybody else.
func (w *sqliteWriter) close() error {
	conn, err := w.wait(context.Background(), nil)
	if err != nil {
		return err
	}
	if conn.group != nil {
		if conn = w.commit(conn); conn == nil {
			return nil
		}
	}
	return conn.close()
}

// sqliteUpdate is one Update: a transaction, or a savepoint in one that it shares.
type sqliteUpdate struct {
	sqliteSession
	writer *sqliteWriter
	group  *commitGroup
	// joined tells that others did their work in the transaction before.
	joined bool
}

func (w *sqliteWriter) begin(ctx context.Context) (session, error) {
	conn, err := w.take(ctx)
	if err != nil {
		return nil, err
	}
	u := &sqliteUpdate{sqliteSession: sqliteSession{conn: conn}, writer: w, group: conn.group, joined: conn.group != nil}
	if u.joined {
		if _, err := conn.exec("SAVEPOINT member"); err != nil {
			w.give(conn)
			return nil, err
		}
		return u, nil
	}
	// A deferred transaction that turns into a writing one can fail in its middle; this one fails here or not at all.
	if _, err := conn.exec("BEGIN IMMEDIATE"); err != nil {
		w.give(w.abandon(conn))
		return nil, err
	}
	u.group = &commitGroup{began: time.Now(), done: make(chan struct{})}
	conn.group = u.group
	return u, nil
}

// commit waits until the transaction is durable. The deadline is looked at before and never during: a commit is done or not.
func (u *sqliteUpdate) commit(ctx context.Context) error {
	err := ctx.Err()
	if err == nil && u.joined {
		_, err = u.conn.exec("RELEASE member")
	}
	if err != nil {
		u.rollback()
		return err
	}
	u.group.members++
	u.writer.give(u.conn)
	<-u.group.done
	return u.group.err
}

// rollback takes back what this Update did. It waits for the others all the same: what it saw of theirs, and may tell
// its caller about, shall be true.
func (u *sqliteUpdate) rollback() {
	if !u.joined {
		u.conn.group = nil
		close(u.group.done)
		u.writer.give(u.writer.abandon(u.conn))
		return
	}
	_, err := u.conn.exec("ROLLBACK TO member")
	if err == nil {
		_, err = u.conn.exec("RELEASE member")
	}
	if err != nil {
		// The database has rolled back everything on its own, as it does when the disk is full.
		u.conn.group = nil
		u.group.err = fmt.Errorf("a transaction that shared this commit failed: %w", err)
		close(u.group.done)
		u.writer.give(u.writer.abandon(u.conn))
		return
	}
	u.writer.give(u.conn)
	<-u.group.done
}

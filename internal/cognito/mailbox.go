package cognito

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/poolgate/poolgate/internal/store"
)

// Message is an e-mail or a text message that Cognito would have sent. It goes to the mailbox instead: nothing leaves
// the server.
type Message struct {
	PoolID    string
	Username  string
	Recipient string
	// Medium is "EMAIL" or "SMS".
	Medium string
	// Kind is AWS's name of the occasion: "AdminCreateUser", "SignUp", "ResendCode", "ForgotPassword".
	Kind    string
	Subject string `json:",omitempty"`
	Body    string
	// Code is the code or the temporary password that Body contains.
	Code string
	Sent time.Time
}

// storedMessage is a message at rest: who may look for it is in the clear, what it says is sealed for
// "message/POOL/ID", because codes and temporary passwords open accounts.
type storedMessage struct {
	Recipient string
	Hour      int64 // since 1970, to find the messages of everybody
	Sealed    string
	Expires   time.Time
}

// messages is the mailbox. Its scope is the pool; the newest message has the lowest id.
var messages = store.Collection[storedMessage]{
	Name: "cognito.message", Version: 1,
	Keys: func(m *storedMessage) []store.Key {
		return []store.Key{{Index: "recipient", Value: m.Recipient}, hourKey(m.Hour)}
	},
	Expires: func(m *storedMessage) time.Time { return m.Expires },
}

func hourKey(hour int64) store.Key {
	return store.Key{Index: "hour", Value: strconv.FormatInt(hour, 10)}
}

const (
	messageLife = 24 * time.Hour
	// mailboxSize bounds a pool's mailbox. It is cut back to this now and then, by about one delivery in a hundred:
	// counting at every delivery would make sign-ups that happen at once wait for each other.
	mailboxSize = 500
	mailboxCut  = 100
	// mailboxShown is the most messages that Mailbox returns.
	mailboxShown = 100
)

// deliver puts m into its pool's mailbox in the same transaction as the code it carries.
func (s *Service) deliver(tx *store.Tx, m Message) error {
	m.Sent = s.now()
	var noise [6]byte
	if err := s.readRandom(noise[:]); err != nil {
		return err
	}
	id := fmt.Sprintf("%019d-%x", math.MaxInt64-m.Sent.UnixNano(), noise)
	plain, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if binary.BigEndian.Uint16(noise[:2])%mailboxCut == 0 {
		if err := cutMailbox(tx, m.PoolID); err != nil {
			return err
		}
	}
	return messages.Insert(tx, m.PoolID, id, &storedMessage{
		Recipient: strings.ToLower(m.Recipient),
		Hour:      m.Sent.Unix() / 3600,
		Sealed:    s.store.Seal(messagePurpose(m.PoolID, id), plain),
		Expires:   m.Sent.Add(messageLife),
	})
}

// cutMailbox deletes all but the newest messages of a pool.
func cutMailbox(tx *store.Tx, poolID string) error {
	kept, more, err := messages.List(tx, poolID, store.Page{Limit: mailboxSize})
	if err != nil || !more {
		return err
	}
	old, _, err := messages.List(tx, poolID, store.Page{After: kept[len(kept)-1].ID})
	if err != nil {
		return err
	}
	for _, m := range old {
		if err := messages.Delete(tx, poolID, m.ID); err != nil {
			return err
		}
	}
	return nil
}

func messagePurpose(poolID, id string) string { return "message/" + poolID + "/" + id }

// Mailbox returns the latest messages to recipient in every pool, newest first; an empty recipient means everybody's. It
// is for the loopback-only mailbox of the server: whoever reads it can sign in as the recipient.
func (s *Service) Mailbox(ctx context.Context, recipient string) ([]Message, error) {
	var mailbox []Message
	err := s.store.View(ctx, func(tx *store.Tx) error {
		found, err := s.findMessages(tx, recipient)
		if err != nil {
			return err
		}
		mailbox = make([]Message, 0, len(found))
		for _, f := range found {
			plain, err := s.store.Unseal(messagePurpose(f.Scope, f.ID), f.Value.Sealed)
			if err != nil {
				return err
			}
			var m Message
			if err := json.Unmarshal(plain, &m); err != nil {
				return err
			}
			mailbox = append(mailbox, m)
		}
		return nil
	})
	slices.SortStableFunc(mailbox, func(a, b Message) int { return b.Sent.Compare(a.Sent) })
	return mailbox[:min(len(mailbox), mailboxShown)], err
}

// findMessages finds the messages to recipient, or to everybody hour by hour until there are enough.
func (s *Service) findMessages(tx *store.Tx, recipient string) ([]store.Found[storedMessage], error) {
	if recipient != "" {
		return messages.Lookup(tx, store.Key{Index: "recipient", Value: strings.ToLower(recipient)})
	}
	var all []store.Found[storedMessage]
	now := s.now().Unix() / 3600
	for hour := now; hour >= now-int64(messageLife/time.Hour) && len(all) < mailboxShown; hour-- {
		found, err := messages.Lookup(tx, hourKey(hour))
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}

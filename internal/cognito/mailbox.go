package cognito

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
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
	Sealed    string
	Expires   time.Time
}

// messages is the mailbox. Its scope is the pool; ids grow with time.
var messages = store.Collection[storedMessage]{
	Name: "cognito.message", Version: 1,
	Keys: func(m *storedMessage) []store.Key {
		return []store.Key{{Index: "recipient", Value: m.Recipient}, {Index: "all", Value: "all"}}
	},
	Expires: func(m *storedMessage) time.Time { return m.Expires },
}

const (
	messageLife = 24 * time.Hour
	// mailboxSize bounds a pool's mailbox; the oldest message makes room.
	mailboxSize = 500
)

// deliver puts m into its pool's mailbox in the same transaction as the code it carries.
func (s *Service) deliver(tx *store.Tx, m Message) error {
	m.Sent = s.now()
	suffix := make([]byte, 6)
	if err := s.readRandom(suffix); err != nil {
		return err
	}
	id := fmt.Sprintf("%019d-%x", m.Sent.UnixNano(), suffix)
	plain, err := json.Marshal(m)
	if err != nil {
		return err
	}
	count, err := messages.Count(tx, m.PoolID)
	if err != nil {
		return err
	}
	if count >= mailboxSize {
		oldest, _, err := messages.List(tx, m.PoolID, store.Page{Limit: count - mailboxSize + 1})
		if err != nil {
			return err
		}
		for _, old := range oldest {
			if err := messages.Delete(tx, m.PoolID, old.ID); err != nil {
				return err
			}
		}
	}
	return messages.Insert(tx, m.PoolID, id, &storedMessage{
		Recipient: strings.ToLower(m.Recipient),
		Sealed:    s.store.Seal(messagePurpose(m.PoolID, id), plain),
		Expires:   m.Sent.Add(messageLife),
	})
}

func messagePurpose(poolID, id string) string { return "message/" + poolID + "/" + id }

// Mailbox returns the messages to recipient in every pool, newest first; an empty recipient means everybody's. It is
// for the loopback-only mailbox of the server: whoever reads it can sign in as the recipient.
func (s *Service) Mailbox(ctx context.Context, recipient string) ([]Message, error) {
	key := store.Key{Index: "all", Value: "all"}
	if recipient != "" {
		key = store.Key{Index: "recipient", Value: strings.ToLower(recipient)}
	}
	var mailbox []Message
	err := s.store.View(ctx, func(tx *store.Tx) error {
		mailbox = mailbox[:0]
		found, err := messages.Lookup(tx, key)
		if err != nil {
			return err
		}
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
	return mailbox, err
}

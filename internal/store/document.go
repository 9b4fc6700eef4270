package store

import (
	"math"
)

// The SQL text of documents, the same for both databases. A document is live while it has no expiry (0) or has not
// reached it; every statement that returns documents says so.
//
// Two turns of phrase keep SQLite from compiling a statement anew for each new value of a parameter, which costs several
// times what the statement does: NOT BETWEEN, because a comparison of the expiry by itself would be held against the
// partial index, and the CAST, because it looks at a parameter that is the limit itself.
const (
	selectDocument = `SELECT version, body FROM document
		WHERE kind = $1 AND scope = $2 AND id = $3 AND expires NOT BETWEEN 1 AND $4`

	selectStoredKeys = `SELECT keys, expires FROM document WHERE kind = $1 AND scope = $2 AND id = $3`

	insertDocument = `INSERT INTO document (kind, scope, id, version, expires, keys, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (kind, scope, id) DO NOTHING`

	upsertDocument = `INSERT INTO document (kind, scope, id, version, expires, keys, body)
		VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (kind, scope, id) DO UPDATE
		SET version = excluded.version, expires = excluded.expires, keys = excluded.keys, body = excluded.body`

	deleteDocument = `DELETE FROM document WHERE kind = $1 AND scope = $2 AND id = $3 RETURNING keys, expires`

	deleteScope = `DELETE FROM document WHERE kind = $1 AND scope = $2`

	countScope = `SELECT COUNT(*) FROM document
		WHERE kind = $1 AND scope = $2 AND expires NOT BETWEEN 1 AND $3`

	selectScope = `SELECT scope, id, version, body FROM document
		WHERE kind = $1 AND scope = $2 AND id > $3 AND expires NOT BETWEEN 1 AND $4
		ORDER BY id LIMIT CAST($5 AS BIGINT)`

	selectByKey = `SELECT d.scope, d.id, d.version, d.body
		FROM document_key k JOIN document d ON d.kind = k.kind AND d.scope = k.scope AND d.id = k.id
		WHERE k.kind = $1 AND k.scope = $2 AND k.name = $6 AND k.value = $7 AND k.id > $3
		AND d.expires NOT BETWEEN 1 AND $4
		ORDER BY k.id LIMIT CAST($5 AS BIGINT)`

	// A document may have several keys within the range, so that a join would give it more than once.
	selectByKeyRange = `SELECT scope, id, version, body FROM document
		WHERE kind = $1 AND scope = $2 AND id > $3 AND expires NOT BETWEEN 1 AND $4 AND id IN (
			SELECT id FROM document_key WHERE kind = $1 AND scope = $2 AND name = $6 AND value >= $7 AND value < $8)
		ORDER BY id LIMIT CAST($5 AS BIGINT)`

	selectByKeyFrom = `SELECT scope, id, version, body FROM document
		WHERE kind = $1 AND scope = $2 AND id > $3 AND expires NOT BETWEEN 1 AND $4 AND id IN (
			SELECT id FROM document_key WHERE kind = $1 AND scope = $2 AND name = $6 AND value >= $7)
		ORDER BY id LIMIT CAST($5 AS BIGINT)`

	selectByKeyAnywhere = `SELECT d.scope, d.id, d.version, d.body
		FROM document_key k JOIN document d ON d.kind = k.kind AND d.scope = k.scope AND d.id = k.id
		WHERE k.kind = $1 AND k.name = $2 AND k.value = $3 AND d.expires NOT BETWEEN 1 AND $4
		ORDER BY k.scope, k.id LIMIT CAST($5 AS BIGINT)`
)

// document is a row of the table, ready to be written.
type document struct {
	place
	version, expires int64
	keys             []Key
	body             []byte
}

// place is where a document is.
type place struct{ kind, scope, id []byte }

func (d *document) arguments() []any {
	return []any{d.kind, d.scope, d.id, d.version, d.expires, encodeKeys(d.keys), d.body}
}

// rows is how many rows a query has to give to fill the page and to know whether there are more.
func (p Page) rows() int64 {
	if p.Limit <= 0 {
		return math.MaxInt64
	}
	return int64(p.Limit) + 1
}

// storedKeys gives the keys of the document that is there, live or expired.
func (tx *Tx) storedKeys(p place) (keys []Key, live bool, err error) {
	var encoded []byte
	expires := int64(-1)
	scan := func(r row) error { return r.Scan(&encoded, &expires) }
	if err := tx.query(selectStoredKeys, scan, p.kind, p.scope, p.id); err != nil {
		return nil, false, err
	}
	return decodeKeys(encoded), tx.live(expires), nil
}

func (tx *Tx) live(expires int64) bool { return expires == 0 || expires > tx.now }

// overwrite stores a document where one with those keys may be, and writes only the keys that differ.
func (tx *Tx) overwrite(d document, old []Key) error {
	if _, err := tx.exec(upsertDocument, d.arguments()...); err != nil {
		return err
	}
	gone, added := differentKeys(old, d.keys)
	if err := tx.removeKeys(d.place, gone); err != nil {
		return err
	}
	return tx.addKeys(d.place, added)
}

// remove removes a document with its keys. One that expired is removed too, and was not there.
func (tx *Tx) remove(p place) error {
	var encoded []byte
	expires := int64(-1)
	scan := func(r row) error { return r.Scan(&encoded, &expires) }
	if err := tx.change(deleteDocument, scan, p.kind, p.scope, p.id); err != nil {
		return err
	}
	if err := tx.removeKeys(p, decodeKeys(encoded)); err != nil {
		return err
	}
	if !tx.live(expires) {
		return ErrNotFound
	}
	return nil
}

package store

import (
	"strings"
	"testing"
)

// What SQLite says about how it runs a statement. A scan of a table would make a server with many users slow, and no
// other test would notice.
func TestEveryQueryUsesAnIndex(t *testing.T) {
	s := mustOpen(t, Options{Location: memoryLocation})
	queries := map[string]string{
		"selectDocument": selectDocument, "selectStoredKeys": selectStoredKeys, "deleteDocument": deleteDocument,
		"countScope": countScope, "selectScope": selectScope, "selectByKey": selectByKey, "selectByKeyRange": selectByKeyRange,
		"selectByKeyFrom": selectByKeyFrom, "selectByKeyAnywhere": selectByKeyAnywhere, "selectExpired": selectExpired,
		"deleteKey": deleteKey, "deleteScopeKeys": deleteScopeKeys, "selectRevisions": selectRevisions,
	}
	writer := &s.engine.(*sqliteEngine).writer
	conn, err := writer.take(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer writer.give(conn)
	for name, query := range queries {
		if strings.Contains(query, "LIMIT $") {
			t.Errorf("%s is compiled anew at each use, see document.go", name)
		}
		var steps []string
		args := []any{[]byte{}, []byte{}, []byte{}, []byte{}, int64(1), []byte{}, []byte{}, []byte{}}
		err := conn.query("EXPLAIN QUERY PLAN "+query, func(r *sqliteRow) error {
			steps = append(steps, r.values[3].(string))
			return nil
		}, args...)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range steps {
			if strings.HasPrefix(step, "SCAN") {
				t.Errorf("%s scans: %v", name, steps)
			}
			if strings.Contains(step, "TEMP B-TREE FOR ORDER BY") {
				t.Errorf("%s sorts: %v", name, steps)
			}
		}
		// The range of a prefix is looked for by the value, and not by the index's name alone.
		if plan := strings.Join(steps, "; "); name == "selectByKeyRange" && !strings.Contains(plan, "name=? AND value>? AND value<?") {
			t.Errorf("%s: %s", name, plan)
		}
	}
}

// Command gen makes the tables of internal/wire/model from botocore's service models, which stay outside the project:
//
//	go run ./internal/wire/gen -models ../botocore/botocore/data -out internal/wire/model
//
// The directory may be botocore's own (cognito-idp/2016-04-18/service-2.json) or flat (cognito-idp.json). A service is
// added by a line in the list of table.go and by the registry in model/packages.go.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	models := flag.String("models", "", "directory of botocore's models")
	out := flag.String("out", ".", "directory of the tables")
	flag.Parse()
	if err := generate(*models, *out); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func generate(models, out string) error {
	if models == "" {
		return fmt.Errorf("-models is missing: the data directory of a botocore checkout")
	}
	for _, s := range services {
		source, err := load(models, s.name)
		if err != nil {
			return err
		}
		table, err := build(s, source)
		if err != nil {
			return err
		}
		text, err := emit(s, source.Metadata.UID, table)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		if err := os.WriteFile(filepath.Join(out, fileName(s)), text, 0o644); err != nil { //nolint:gosec // source text, for everyone
			return err
		}
	}
	return nil
}

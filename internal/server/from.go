package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/poolgate/poolgate/internal/pull"
)

// readCopy reads the directory that the server is to serve, before anything is opened or made for it.
func readCopy(config *Config) error {
	if config.From == "" {
		return nil
	}
	dir, err := filepath.Abs(config.From)
	if err != nil {
		return err
	}
	config.From = dir
	if config.copy, err = pull.Read(dir); err != nil {
		hint := "poolgate pull API --out " + config.From + " writes it anew"
		if errors.Is(err, pull.ErrNotOurs) {
			hint = "poolgate pull API --out DIR writes a directory that --from takes"
		}
		return hinted(fmt.Errorf("the copy cannot be read: %w", err), hint)
	}
	return nil
}

// bringUp puts the copy into the store, in the place of what came from that directory before.
func (s *Server) bringUp(ctx context.Context) error {
	if s.config.copy == nil {
		return nil
	}
	err := pull.Load(ctx, s.parts.copies, s.config.From, s.config.copy)
	switch {
	case errors.Is(err, pull.ErrMadeHere):
		return hinted(err, "delete it, or serve the copy from another data directory with --data DIR")
	case err != nil:
		return hinted(fmt.Errorf("the copy in %s cannot be served: %w", s.config.From, err), "poolgate pull API --out "+s.config.From+" writes it anew")
	}
	return nil
}

// From tells people what the copy is that the server was started from; empty without one.
func (s *Server) From() string {
	c := s.config.copy
	if c == nil {
		return ""
	}
	return fmt.Sprintf("%s: account %s in %s; sign with the access key id %s to see it", s.config.From, c.Account, c.Region, c.Account)
}

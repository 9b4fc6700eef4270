//go:build !linux

package server

// releaseProgram does nothing where the system cannot be told.
func releaseProgram() {}

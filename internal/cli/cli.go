// Package cli is what a person types: one file per subcommand. Every misuse is answered with an error and a hint; output is for
// people on a terminal, and for programs with --json. Nothing here decides anything: the rooms behind it do.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// The exit codes. A command that answers a question (explain) says no with exitRefused.
const (
	exitOK      = 0
	exitRefused = 1
	exitFailed  = 2
)

// failure is an error with what to do about it.
type failure struct {
	err  error
	hint string
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// fail makes a failure whose hint is a sentence, best with a command in it.
func fail(hint, format string, args ...any) error {
	return &failure{err: fmt.Errorf(format, args...), hint: hint}
}

// exit ends a command with a code after it has said everything itself.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// Run runs one command line and returns the process's exit code. It never calls os.Exit, so that a test can ask anything.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var code exit
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	}
	report(stderr, err)
	return exitFailed
}

// report writes a refusal to run: the error, then what to do.
func report(w io.Writer, err error) {
	_, _ = fmt.Fprintf(w, "error: %s\n", err)
	var f *failure
	if errors.As(err, &f) && f.hint != "" {
		_, _ = fmt.Fprintf(w, "hint: %s\n", f.hint)
	}
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "poolgate",
		Short: "Cognito user pools and API Gateway authorizers, on your machine",
		Long: `poolgate runs Cognito user pools and API Gateway REST APIs with their authorizers, speaks AWS's
wire protocols, decides about tokens as AWS does, and tells the reason of every refusal.

It is not affiliated with Amazon Web Services.`,
		Example: `  poolgate demo
  poolgate serve
  aws --endpoint-url http://127.0.0.1:4566 cognito-idp list-user-pools --max-results 10
  poolgate explain 5f0c6f5e-3a8f-4f0e-9a30-0d6f5f0c6f5e`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Version:       version(),
		Args:          noCommand,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("poolgate {{.Version}}\n")
	root.SetHelpCommand(newHelp())
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fail(cmd.CommandPath()+" --help shows its flags", "%s", strings.TrimSuffix(err.Error(), "."))
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newServe(), newDemo(), newExplain(), newToken(), newPull(), newVersion())
	return root
}

// newHelp is cobra's help, but for a command that does not exist it is a misuse like any other.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Tell about a command",
		RunE: func(help *cobra.Command, args []string) error {
			cmd, rest, err := help.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return noCommand(help.Root(), rest)
			}
			cmd.InitDefaultHelpFlag() // else what --help shows and this does not would differ
			cmd.InitDefaultVersionFlag()
			return cmd.Help()
		},
	}
}

// noCommand takes no arguments at the root: what stands there was meant as a command.
func noCommand(root *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	hint := "poolgate help shows the commands"
	if near := root.SuggestionsFor(args[0]); len(near) > 0 {
		hint = "did you mean poolgate " + strings.Join(near, " or poolgate ") + "?"
	}
	return fail(hint, "there is no command %q", args[0])
}

// noArguments is for commands that take flags only.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fail(cmd.CommandPath()+" --help shows what it takes", "%s takes no arguments, and %q is one", cmd.CommandPath(), args[0])
}

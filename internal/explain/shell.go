package explain

import (
	"encoding/json"
	"strings"
)

// safe are the characters that a shell leaves alone.
const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=,@%+"

// quote writes a word for a POSIX shell.
func quote(word string) string {
	if word != "" && strings.Trim(word, safe) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// substitution is a word that a shell makes of what a command prints.
func substitution(command string) shellWord { return shellWord(`"$(` + command + `)"`) }

// shellWord is a word that is written for a shell already.
type shellWord string

// aws writes a command of the aws CLI, whole: with the region and, where the case has them, the endpoint and the profile. An argument is a
// string, which is quoted, or a shellWord, which is not.
func (l *look) aws(arguments ...any) string {
	return l.awsIn(l.regionOr(""), arguments...)
}

// awsIn is aws for what is in a region of its own.
func (l *look) awsIn(region string, arguments ...any) string {
	words := []string{"aws"}
	for _, a := range arguments {
		switch word := a.(type) {
		case shellWord:
			words = append(words, string(word))
		case string:
			words = append(words, quote(word))
		case []string:
			for _, w := range word {
				words = append(words, quote(w))
			}
		}
	}
	return strings.Join(append(words, l.options(region)...), " ")
}

// options are the words of a command that say where what it works on is.
func (l *look) options(region string) (words []string) {
	for _, option := range [][2]string{{"--region", region}, {"--endpoint-url", l.c.Located.Endpoint}, {"--profile", l.c.Located.Profile}} {
		if option[1] != "" {
			words = append(words, option[0], quote(option[1]))
		}
	}
	return words
}

// here is a command of the closed list with the options that make it whole.
func (l *look) here(command string) string {
	if !strings.HasPrefix(command, "aws ") {
		return command
	}
	return strings.Join(append([]string{command}, l.options(l.regionOr(""))...), " ")
}

// patch is one operation of --patch-operations.
type patch struct{ op, path, value string }

// patches are the words of --patch-operations. The short form knows no commas, quotes and braces; JSON does.
func patches(all ...patch) []string {
	words, list, plain := make([]string, len(all)), make([]map[string]string, len(all)), true
	for i, p := range all {
		words[i] = "op=" + p.op + ",path=" + p.path + ",value=" + p.value
		list[i] = map[string]string{"op": p.op, "path": p.path, "value": p.value}
		if p.op == "remove" && p.value == "" {
			delete(list[i], "value")
			words[i] = "op=" + p.op + ",path=" + p.path
		}
		plain = plain && !strings.ContainsAny(p.value+p.path, ",='\"{}[]\\ ")
	}
	if plain {
		return words
	}
	text, err := json.Marshal(list)
	if err != nil { // strings are always written
		return words
	}
	return []string{string(text)}
}

// deploy deploys the API as it is edited to the request's stage.
func (l *look) deploy() string {
	if l.http != nil {
		return l.aws("apigatewayv2", "create-deployment", "--api-id", l.api, "--stage-name", l.stageName())
	}
	return l.aws("apigateway", "create-deployment", "--rest-api-id", l.api, "--stage-name", l.stageName())
}

// andDeploy is a command with the deployment after it, without which an edit does nothing. A stage of an HTTP API that deploys by itself
// needs none.
func (l *look) andDeploy(command string) string {
	if l.http != nil {
		if p := l.http.Stages[l.stageName()]; p != nil && p.Stage.AutoDeploy != nil && *p.Stage.AutoDeploy {
			return command
		}
	}
	return command + " && " + l.deploy()
}

// step is a sentence with the command that does it.
func step(prose, command string) string {
	if command == "" {
		return prose + "."
	}
	return prose + ": " + command
}

// Package config reads what a service is told before it starts: one YAML
// file, then the environment on top, then the service's own check. Unknown
// keys are refused, and everything that is wrong is said at once, in plain
// words, so that an operator mends a file in one round.
//
// The comments on the structs are the manual. Secrets never stand in a
// configuration: it names the files that hold them.
//
// The package never looks at the process environment itself; main hands it
// over.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/kompetansespor/kompetansespor/services/internal/fault"
)

// maxFile is the size of the largest configuration file, in bytes.
const maxFile = 1 << 20

// envPrefix begins the name of every environment variable that is ours.
const envPrefix = "KOMPETANSESPOR_"

// envNotConfiguration are variables with our prefix that are not
// configuration: test and tool switches that may stand in any environment.
var envNotConfiguration = map[string]bool{
	"KOMPETANSESPOR_NO_SKIP":       true,
	"KOMPETANSESPOR_TEST_POSTGRES": true,
}

// Checker is a configuration that can say what is wrong with it. Violation's
// Field is the key as it stands in the file ("tls.cert"), Rule a stable id,
// Message one plain sentence that says how to mend it.
type Checker interface {
	Validate() []fault.Violation
}

// Load reads the YAML file at path into the struct that into points to, lays
// the environment on top and calls into's Validate.
//
// environ holds NAME=value pairs as os.Environ gives them. A key a.b_c of the
// file is KOMPETANSESPOR_A_B_C there; the value is text for a string and YAML
// for everything else (`{verifier: "localhost:7443"}` for a map). A variable
// with the prefix that matches no key is refused, so that a slip of the pen
// is noticed.
//
// The error is a fault of kind Invalid and rule "config.invalid" whose
// violations are everything that was found wrong.
func Load(path string, into any, environ []string) error {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("load configuration: into must point to a struct, not %T", into)
	}
	content, err := readFile(path)
	if err != nil {
		return err
	}
	wrong := decode(content, into)
	wrong = append(wrong, override(target.Elem(), environ)...)
	if c, ok := into.(Checker); ok {
		wrong = append(wrong, c.Validate()...)
	}
	return fault.Violated("config.invalid", "the configuration "+path+" cannot be used", wrong)
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "config.unreadable", "the configuration %s cannot be read", path)
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "config.unreadable", "the configuration %s cannot be read", path)
	}
	if len(content) > maxFile {
		return nil, fault.New(fault.Invalid, "config.too-large", "the configuration %s is larger than 1 MiB", path)
	}
	return content, nil
}

// decode reads exactly one YAML document, every key known.
func decode(content []byte, into any) []fault.Violation {
	decoder := yaml.NewDecoder(bytes.NewReader(content))
	decoder.KnownFields(true)
	err := decoder.Decode(into)
	var typed *yaml.TypeError
	switch {
	case errors.Is(err, io.EOF):
		return nil // an empty file: Validate says what is missing
	case errors.As(err, &typed):
		wrong := make([]fault.Violation, 0, len(typed.Errors))
		for _, line := range typed.Errors {
			wrong = append(wrong, fault.Violation{Field: "file", Rule: "config.key", Message: explain(line)})
		}
		return wrong
	case err != nil:
		return []fault.Violation{{Field: "file", Rule: "config.yaml", Message: "is not YAML: " + err.Error()}}
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return []fault.Violation{{Field: "file", Rule: "config.yaml",
			Message: "holds more than one document: keep one and remove the line ---"}}
	}
	return nil
}

// explain turns the decoder's words into ours, without the Go type names.
func explain(line string) string {
	if before, rest, found := strings.Cut(line, ": field "); found {
		if key, _, found := strings.Cut(rest, " not found in type "); found {
			return before + ": the key " + key + " is unknown: remove it, or look for a misspelling"
		}
	}
	if before, _, found := strings.Cut(line, " into "); found {
		return strings.Replace(before, "cannot unmarshal", "a value of the wrong kind", 1)
	}
	return line
}

// override lays environment variables on top of what the file said.
func override(target reflect.Value, environ []string) []fault.Violation {
	keys := map[string]reflect.Value{}
	collect(target, "", keys)
	var wrong []fault.Violation
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, envPrefix) || envNotConfiguration[name] {
			continue
		}
		field, known := keys[strings.TrimPrefix(name, envPrefix)]
		if !known {
			wrong = append(wrong, fault.Violation{Field: name, Rule: "config.environment",
				Message: "matches no key of this configuration: unset it, or look for a misspelling"})
			continue
		}
		if field.Kind() == reflect.String {
			field.SetString(value)
			continue
		}
		fresh := reflect.New(field.Type())
		decoder := yaml.NewDecoder(strings.NewReader(value))
		decoder.KnownFields(true)
		if err := decoder.Decode(fresh.Interface()); err != nil {
			wrong = append(wrong, fault.Violation{Field: name, Rule: "config.environment",
				Message: "does not hold a value of the right kind: write it as it would stand in the file"})
			continue
		}
		field.Set(fresh.Elem())
	}
	return wrong
}

// collect names every field that the environment can set.
func collect(value reflect.Value, prefix string, keys map[string]reflect.Value) {
	for i := range value.NumField() {
		field := value.Type().Field(i)
		if !field.IsExported() {
			continue
		}
		name, options, _ := strings.Cut(field.Tag.Get("yaml"), ",")
		if name == "-" {
			continue
		}
		if options == "inline" {
			collect(value.Field(i), prefix, keys)
			continue
		}
		if name == "" {
			name = strings.ToLower(field.Name)
		}
		key := prefix + strings.ToUpper(name)
		if value.Field(i).Kind() == reflect.Struct {
			collect(value.Field(i), key+"_", keys)
			continue
		}
		keys[key] = value.Field(i)
	}
}

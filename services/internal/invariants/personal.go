package invariants

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kompetansespor/kompetansespor/services/internal/eventbus"
)

// personal checks I6: nothing about a person stands in an event, a log, a
// trace, a metric or a URL. A breach names the kind of value, never the value.
func (c *checker) personal() error {
	f, err := c.persons()
	if err != nil {
		return err
	}
	for _, producer := range c.topology.Producers {
		for _, m := range c.streams[producer] {
			text := m.subject + "\n" + string(m.payload)
			for _, key := range slices.Sorted(maps.Keys(m.header)) {
				text += "\n" + key + ": " + strings.Join(m.header[key], " ")
			}
			c.search(f, fmt.Sprintf("stream %s: message %d", eventbus.Stream(producer), m.sequence), text)
		}
	}
	for _, path := range c.sources.Logs {
		content, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read log: %w", err)
		}
		c.search(f, "log "+filepath.Base(path), string(content))
	}
	for _, one := range c.records {
		c.search(f, one.where()+", a URL in it", strings.Join(urls(one.document), "\n"))
	}
	for _, text := range c.sources.Texts {
		c.search(f, text.Name, text.Content)
	}
	return nil
}

// urls are the addresses in a signed document: contexts, schema, status list,
// and any that a claim holds.
func urls(value any) (all []string) {
	switch v := value.(type) {
	case string:
		if strings.HasPrefix(v, "https://") || strings.HasPrefix(v, "http://") {
			all = append(all, v)
		}
	case []any:
		for _, one := range v {
			all = append(all, urls(one)...)
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			all = append(all, urls(v[name])...)
		}
	}
	return all
}

// search reports each kind of value that a text holds, once.
func (c *checker) search(f *finder, where, text string) {
	type find struct{ first, lines int }
	finds := map[kind]find{}
	n := 0
	for line := range strings.Lines(text) {
		n++
		for kind := range f.find(line) {
			finds[kind] = find{cmp.Or(finds[kind].first, n), finds[kind].lines + 1}
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(finds)) {
		c.breach(where, "line %d holds %s, as do %d lines in all", finds[kind].first, kind, finds[kind].lines)
	}
}

package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"sync"
)

// prepared is the reading side of an engine whose driver compiles a query each
// time that it is asked: it keeps them compiled. A fifth of a service's time went
// there when measured, most of it for jobs that look what is due.
type prepared struct {
	*sql.DB
	mu   sync.Mutex
	kept map[string]*sql.Stmt // by query; guarded by mu
}

// mostKept is how many queries are kept: more than a program has that builds none
// from what it is given.
const mostKept = 1000

func newPrepared(db *sql.DB) *prepared { return &prepared{DB: db, kept: map[string]*sql.Stmt{}} }

// of is a query's statement, nil when it cannot be kept.
func (p *prepared) of(ctx context.Context, query string) *sql.Stmt {
	p.mu.Lock()
	kept, full := p.kept[query], len(p.kept) >= mostKept
	p.mu.Unlock()
	if kept != nil || full {
		return kept
	}
	made, err := p.PrepareContext(ctx, query) // waits for a connection, so not while others wait for us
	if err != nil {
		return nil // who asks is told why
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if kept := p.kept[query]; kept != nil {
		_ = made.Close() // somebody was faster
		return kept
	}
	p.kept[query] = made
	return made
}

// QueryContext implements Querier.
func (p *prepared) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if s := p.of(ctx, query); s != nil {
		return s.QueryContext(ctx, args...)
	}
	return p.DB.QueryContext(ctx, query, args...)
}

// QueryRowContext implements Querier.
func (p *prepared) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if s := p.of(ctx, query); s != nil {
		return s.QueryRowContext(ctx, args...)
	}
	return p.DB.QueryRowContext(ctx, query, args...)
}

// snapshot is a transaction of the reading side. It holds a connection while it lasts:
// what it asks for the first time is compiled after it.
type snapshot struct {
	*sql.Tx
	of     *prepared
	wanted []string
}

// statement is a query's statement in the transaction, nil while there is none.
func (s *snapshot) statement(ctx context.Context, query string) *sql.Stmt {
	s.of.mu.Lock()
	kept := s.of.kept[query]
	s.of.mu.Unlock()
	if kept == nil {
		s.wanted = append(s.wanted, query)
		return nil
	}
	return s.StmtContext(ctx, kept)
}

func (s *snapshot) compile(ctx context.Context) {
	for _, query := range s.wanted {
		s.of.of(ctx, query)
	}
}

// QueryContext implements Querier.
func (s *snapshot) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if kept := s.statement(ctx, query); kept != nil {
		return kept.QueryContext(ctx, args...)
	}
	return s.Tx.QueryContext(ctx, query, args...)
}

// QueryRowContext implements Querier.
func (s *snapshot) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if kept := s.statement(ctx, query); kept != nil {
		return kept.QueryRowContext(ctx, args...)
	}
	return s.Tx.QueryRowContext(ctx, query, args...)
}

// compiled are the queries of the writing side, on its one connection. A transaction
// holds that while it lasts: what it asks for the first time is compiled after it.
type compiled struct {
	mu   sync.Mutex // guards kept
	kept map[string]*sql.Stmt
}

// of is a query's statement, nil while there is none; wanted is then told of it.
func (c *compiled) of(query string, wanted *[]string) *sql.Stmt {
	c.mu.Lock()
	defer c.mu.Unlock()
	kept := c.kept[query]
	if kept == nil && len(c.kept) < mostKept {
		*wanted = append(*wanted, query)
	}
	return kept
}

// keep compiles what a transaction wanted, which is over. What does not compile is
// asked as it stands, and whoever asks is told why.
func (c *compiled) keep(ctx context.Context, db *sql.DB, wanted []string) {
	for _, query := range wanted {
		c.mu.Lock()
		known := c.kept[query] != nil
		c.mu.Unlock()
		if known {
			continue
		}
		made, err := db.PrepareContext(ctx, query)
		if err != nil {
			continue
		}
		c.mu.Lock()
		if c.kept[query] == nil {
			c.kept[query], made = made, nil
		}
		c.mu.Unlock()
		if made != nil {
			_ = made.Close() // somebody was faster
		}
	}
}

func (c *compiled) close() (err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.kept {
		err = errors.Join(err, s.Close())
	}
	clear(c.kept)
	return err
}

// Close lets go of the statements and the connections.
func (p *prepared) Close() (err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.kept {
		err = errors.Join(err, s.Close())
	}
	clear(p.kept)
	return errors.Join(err, p.DB.Close())
}

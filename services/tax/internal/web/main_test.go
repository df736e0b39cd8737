package web_test

import (
	"testing"

	"github.com/kompetansespor/kompetansespor/services/internal/testkit"
)

func TestMain(m *testing.M) { testkit.OnEveryEngine(m) }

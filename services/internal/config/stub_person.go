package config

import "github.com/kompetansespor/kompetansespor/services/internal/signin"

type Person struct{ Subject, Role, Office string }

type SignInStub struct {
	SignIn signin.Settings `yaml:"-"`
	People []Person        `yaml:"-"`
}

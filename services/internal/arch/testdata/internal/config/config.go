package config

import "os"

var value = os.Getenv("VALUE") // breaks: only main and the CLI read environment and flags, take signals or exit

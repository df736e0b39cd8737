package main

import (
	_ "github.com/kompetansespor/kompetansespor/services/bank"
	_ "github.com/kompetansespor/kompetansespor/services/tax"
)

func main() {}

package webassets

import "net/http"

func Handler() http.Handler       { return http.NotFoundHandler() }
func URL(name string) string      { return "/static/" + name }

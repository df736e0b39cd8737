package ruleset_test
import ("testing";"strings")
func TestZZ(t *testing.T){ s:=readSet(t); s.Rules=s.Rules[:1]; b:=string(s.bytes(t)); i:=strings.Index(b,"rules:"); t.Log(b[i:]) }

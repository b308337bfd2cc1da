package jumpcloud_test

import (
	"slices"
	"testing"

	jc "github.com/jc-mcp/jc-mcp/jumpcloud"
	"github.com/jc-mcp/jc-mcp/jumpcloud/sandbox"
)

// A slip anywhere in a name is answered with the name that was meant, first, in
// a handful of requests, however many there are.
func TestNearestNames(t *testing.T) {
	for _, users := range []int{120, 5000} {
		c, _, n := overSandbox(t, sandbox.Options{Users: users})
		d := jc.NewDirectory(c)
		for _, x := range []struct {
			kind        *jc.Kind
			given, want string
		}{
			{jc.User{}.Kind(), "dna.weiss", "dana.weiss"}, {jc.User{}.Kind(), "maria.slva", "maria.silva"}, {jc.User{}.Kind(), "liamhaddad", "liam.haddad"},
			{jc.UserGroup{}.Kind(), "Enginering", "Engineering"}, {jc.UserGroup{}.Kind(), "Salse", "Sales"}, {jc.DeviceGroup{}.Kind(), "Kisoks", "Kiosks"},
			{jc.Application{}.Kind(), "Saesforce", "Salesforce"}, {jc.Device{}.Kind(), "LT--042", "LT-042"}, {jc.Command{}.Kind(), "Dsk usage", "Disk usage"},
		} {
			before := n.Load()
			near := d.Nearest(t.Context(), x.kind, x.given)
			if i := slices.Index(near, x.want); i < 0 || len(near) > 5 {
				t.Errorf("%d users: %q is near %q, without %q", users, x.given, near, x.want)
			}
			if used := n.Load() - before; used > 12 {
				t.Errorf("%q took %d requests", x.given, used)
			}
		}
		if near := d.Nearest(t.Context(), jc.User{}.Kind(), "zzzzqqqq"); len(near) > 0 {
			t.Errorf("zzzzqqqq is near %q", near)
		}
	}
}

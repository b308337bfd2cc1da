package sandbox

import (
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"time"
)

// derive gives a 24-hex id from the seed and a name, the same in each run.
func derive(seed uint64, kind string, n uint64) string {
	h := fnv.New128a()
	_, _ = fmt.Fprintf(h, "%d/%s/%d", seed, kind, n)
	// A second pass spreads neighbours apart, which FNV alone does not.
	sum := h.Sum(nil)
	_, _ = h.Write(sum)
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// newID gives the id of something that is made while running.
func (o *Org) newID(kind string) string {
	o.serial++
	return derive(o.opt.Seed, "new/"+kind, o.serial)
}

// uuid has the form of a UUID, made the same way.
func (o *Org) uuid(kind string) string {
	a, b := o.newID(kind), o.newID(kind)
	return a[:8] + "-" + a[8:12] + "-4" + a[13:16] + "-a" + a[17:20] + "-" + b[:12]
}

// stamp is how v1 writes dates.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

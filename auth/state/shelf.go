package state

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/jc-mcp/jc-mcp/auth"
)

// shelf is where lies what servers share, by names such as approvals/CODE.request:
// the state directory itself, or the store that replicas have in common. Whatever must
// happen once is one step of a shelf; a lock is only for courtesy.
type shelf interface {
	reader
	// snapshot is a folder to read much of at once.
	snapshot(folder string) (reader, error)
	// swap puts data (nil: nothing) in the place of old (nil: nothing), which the caller
	// has just read; false where something else is there by now. It is kept until then
	// at least; a zero until is for ever.
	swap(name string, old, data []byte, until time.Time) (bool, error)
	// remove takes a name away; fs.ErrNotExist where that was done already. Of any
	// number of calls one gets nil.
	remove(name string) error
	// once makes a name, which is remembered until then at least; false where it was there.
	once(name string, until time.Time) (bool, error)
	// lock keeps others out: of a directory's files all, of a store only those about the
	// same thing ("" is none), and only while it can: what happens once relies on no lock.
	lock(ctx context.Context, name, about string) (unlock func(), err error)
	// count, uncount and forget are the quotas; see [auth.Meter].
	count(ctx context.Context, n int, quotas []auth.Quota, now time.Time) (*auth.Full, error)
	uncount(ctx context.Context, n int, quotas []auth.Quota)
	forget(key string)
	// record adds a line to the journal, and changes are those of it since then.
	record(ctx context.Context, line []byte, now time.Time) error
	changes(since time.Time) ([]Change, error)
	// there tells of a shelf that is gone, where a missing name could mean that.
	there() error
	// run names the time through which the shelf has forgotten nothing.
	run() (string, error)
	// sweep removes what is past its time.
	sweep(now time.Time)
}

// reader reads names of a shelf.
type reader interface {
	// read gives at most 1 MiB; fs.ErrNotExist where there is none.
	read(name string) ([]byte, error)
	// list gives the names in a folder, without it.
	list(folder string) ([]string, error)
}

// readValue reads what [encode] made; see [decode].
func readValue(s reader, name string, v any) error {
	data, err := s.read(name)
	if err == nil {
		err = decode(data, v)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w", path.Base(name), err)
	}
	return err
}

func encode(name string, v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("writing %s: %w", path.Base(name), err)
	}
	return data, nil
}

// decode reads what was encoded. There is exactly one text for one value; every other
// one (other letters in a name, another order, a name twice) is damaged.
func decode(data []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return errTorn
	}
	again, err := json.Marshal(v)
	if err != nil || !bytes.Equal(again, data) {
		return errTorn
	}
	return nil
}

// put is a swap that nobody may come before.
func put(s shelf, name string, old []byte, v any, until time.Time) error {
	data, err := encode(name, v)
	if err != nil {
		return err
	}
	ok, err := s.swap(name, old, data, until)
	if err == nil && !ok {
		err = errMoving
	}
	return err
}

// errMoving is the answer to whoever came second at the same moment.
var errMoving = errors.New("somebody else is changing it just now: look again")

// sweep forgets, once in a while, what is past its time. It is housekeeping: what
// it cannot remove now it removes later, and nothing relies on it.
func (d *Dir) sweep() {
	now := d.now()
	d.mu.Lock()
	due := now.Sub(d.swept) >= sweepEvery || now.Before(d.swept)
	if due {
		d.swept = now
		for id, until := range d.used {
			if now.After(until.Add(usedGrace)) {
				delete(d.used, id)
			}
		}
	}
	d.mu.Unlock()
	if due {
		d.shelf.sweep(now)
	}
}

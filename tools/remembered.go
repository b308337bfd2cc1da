package tools

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// remembered is what this process keeps across calls, each thing for a time and
// the newest of them: there are no more than most.
type remembered[T any] struct {
	most  int
	mu    sync.Mutex
	byKey map[string]*list.Element
	order *list.List
}

type rememberedEntry[T any] struct {
	key     string
	value   T
	expires time.Time
}

func newRemembered[T any](most int) *remembered[T] {
	return &remembered[T]{most: most, byKey: map[string]*list.Element{}, order: list.New()}
}

// put keeps a value, in the place of one of the same key.
func (m *remembered[T]) put(key string, value T, ttl time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.byKey[key]; ok {
		m.order.Remove(old)
	}
	m.byKey[key] = m.order.PushFront(rememberedEntry[T]{key, value, time.Now().Add(ttl)})
	for m.order.Len() > m.most {
		oldest := m.order.Back()
		delete(m.byKey, oldest.Value.(rememberedEntry[T]).key)
		m.order.Remove(oldest)
	}
}

// get gives a value back; ok is false when there is none any more.
func (m *remembered[T]) get(key string) (value T, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.byKey[key]
	if !ok {
		return value, false
	}
	if entry := e.Value.(rememberedEntry[T]); time.Now().Before(entry.expires) {
		return entry.value, true
	}
	return value, false
}

// shelf is a [Shelf] in this process.
type shelf struct{ *remembered[[]byte] }

func (s shelf) Put(_ context.Context, id string, record []byte, ttl time.Duration) error {
	s.put(id, record, ttl)
	return nil
}

func (s shelf) Get(_ context.Context, id string) ([]byte, error) {
	record, _ := s.get(id)
	return record, nil
}

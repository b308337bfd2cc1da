package jumpcloud

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"
)

// limits bounds what is sent at once, in all and for each agent.
type limits struct {
	all      *semaphore.Weighted
	perAgent int64
	mu       sync.Mutex
	agents   map[string]*agentLimit
}

type agentLimit struct {
	sem   *semaphore.Weighted
	users int // callers inside or waiting; at none the entry is dropped
}

func newLimits(all, perAgent int) *limits {
	return &limits{all: semaphore.NewWeighted(int64(all)), perAgent: int64(perAgent), agents: map[string]*agentLimit{}}
}

// enter waits for a place and gives the function that frees it. The agent's own
// limit comes first, so that an agent that waits for itself keeps no one out.
func (l *limits) enter(ctx context.Context, agent string) (leave func(), err error) {
	a := l.agent(agent)
	if err := a.sem.Acquire(ctx, 1); err != nil {
		l.drop(agent, a)
		return nil, err
	}
	if err := l.all.Acquire(ctx, 1); err != nil {
		a.sem.Release(1)
		l.drop(agent, a)
		return nil, err
	}
	return func() {
		l.all.Release(1)
		a.sem.Release(1)
		l.drop(agent, a)
	}, nil
}

func (l *limits) agent(name string) *agentLimit {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.agents[name]
	if a == nil {
		a = &agentLimit{sem: semaphore.NewWeighted(l.perAgent)}
		l.agents[name] = a
	}
	a.users++
	return a
}

func (l *limits) drop(name string, a *agentLimit) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if a.users--; a.users == 0 {
		delete(l.agents, name)
	}
}

// hold is the time before which JumpCloud does not want to hear from this organisation.
type hold struct {
	mu    sync.Mutex
	until time.Time
}

// extend holds back until t, unless it is held back longer already.
func (h *hold) extend(t time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if t.After(h.until) {
		h.until = t
	}
}

// get is the end of the hold-back; zero when there is none at now.
func (h *hold) get(now time.Time) time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !now.Before(h.until) {
		return time.Time{}
	}
	return h.until
}

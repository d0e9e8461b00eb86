package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ethereum/go-ethereum/rpc"
)

// service is the namespace t, as the recorded cases describe it.
type service struct {
	// How many times as long as it should t_sleep sleeps.
	pace   time.Duration
	active atomic.Int64

	mu    sync.Mutex
	marks map[string]int
}

var errPlain = errors.New("plain failure")

type failure struct{}

func (failure) Error() string  { return "failed on purpose" }
func (failure) ErrorCode() int { return 444 }
func (failure) ErrorData() any { return map[string]any{"n": 7, "why": "test"} }

type opt struct {
	S string `json:"s"`
}

type echoed struct {
	Str string `json:"str"`
	Int int    `json:"int"`
	Opt *opt   `json:"opt"`
}

func (s *service) Echo(text string, number int, opt *opt) echoed {
	return echoed{text, number, opt}
}

func (s *service) Nothing() {}

func (s *service) Boom() { panic("on purpose") }

func (s *service) Fault() error { return errPlain }

func (s *service) Fail() error { return failure{} }

func (s *service) Maybe(a *int, b *string) []any { return []any{a, b} }

func (s *service) Under_score() string { return "second underscore" }

func (s *service) Unencodable() any { return make(chan int) }

func (s *service) Big(n int) string { return strings.Repeat("x", n) }

func (s *service) Len(text string) int { return len(text) }

// Sleep does not look whether it is cancelled: a call that is given up would answer
// now and then before go-ethereum says that it took too long.
func (s *service) Sleep(ms uint64) {
	time.Sleep(time.Duration(ms) * time.Millisecond * s.pace)
}

func (s *service) Mark(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.marks[key]++
	return s.marks[key]
}

func (s *service) Marks(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.marks[key]
}

func (s *service) Active() int64 { return s.active.Load() }

func (s *service) Counter(ctx context.Context, n int, ms uint64) (*rpc.Subscription, error) {
	if n < 0 {
		return nil, errPlain
	}
	interval := time.Duration(ms) * time.Millisecond
	return s.tell(ctx, n, interval, func(number int) any { return number })
}

func (s *service) Flood(ctx context.Context, n, size int) (*rpc.Subscription, error) {
	text := strings.Repeat("x", size)
	return s.tell(ctx, n, 0, func(int) any { return text })
}

// tell begins a subscription to n events, which stays until somebody unsubscribes.
func (s *service) tell(ctx context.Context, n int, interval time.Duration, event func(number int) any) (*rpc.Subscription, error) {
	notifier, supported := rpc.NotifierFromContext(ctx)
	if !supported {
		return nil, rpc.ErrNotificationsUnsupported
	}
	subscription := notifier.CreateSubscription()
	s.active.Add(1)
	go func() {
		defer s.active.Add(-1)
		for number := range n {
			if notifier.Notify(subscription.ID, event(number)) != nil {
				break
			}
			select {
			case <-time.After(interval):
			case <-subscription.Err():
				return
			}
		}
		<-subscription.Err()
	}()
	return subscription, nil
}

//go:build limits

package main

import (
	"context"
	"runtime"
	"sync"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"
)

// The rows that need Go's supplementary packages, which the build looks for.
func init() {
	rows["rate limiter, uncontended"] = rateUncontended
	rows["keyed rate limiter, 1,000 keys in turn"] = rateKeyed
	rows["keyed rate limiter, 1M new keys"] = withPeakMemory(rateManyKeys)
	rows["bulkhead, uncontended acquire and release"] = bulkheadUncontended
	rows["single flight, 8 callers of one flight"] = flights
}

// So much is allowed that nobody ever waits.
func plenty() *rate.Limiter { return rate.NewLimiter(1e9, 1<<30) }

func rateUncontended() figure {
	limiter := plenty()
	ctx := context.Background()
	return perOperation(func(count int) {
		granted := 0
		for i := 0; i < count; i++ {
			if limiter.Wait(ctx) == nil {
				granted++
			}
		}
		check("granted", int64(granted), int64(count))
	})
}

type clientKey struct{ network, client int }

// What programs do that need a limit for each key: a map under a lock.
type keyed struct {
	lock     sync.Mutex
	limiters map[clientKey]*rate.Limiter
	limit    rate.Limit
	burst    int
}

func (k *keyed) allow(number int) bool {
	key := clientKey{number >> 10, number}
	k.lock.Lock()
	limiter := k.limiters[key]
	if limiter == nil {
		limiter = rate.NewLimiter(k.limit, k.burst)
		k.limiters[key] = limiter
	}
	k.lock.Unlock()
	return limiter.Allow()
}

func rateKeyed() figure {
	limiters := keyed{limiters: map[clientKey]*rate.Limiter{}, limit: 1e9, burst: 1 << 30}
	return perOperation(func(count int) {
		granted := 0
		for i := 0; i < count; i++ {
			if limiters.allow(i % 1000) {
				granted++
			}
		}
		check("granted", int64(granted), int64(count))
	})
}

func rateManyKeys() figure {
	const keys = 1_000_000
	found := 0
	return perItem(keys, func(items int) []int {
		limiters := keyed{limiters: map[clientKey]*rate.Limiter{}, limit: 0.001, burst: 1}
		for number := 0; number < items; number++ {
			if !limiters.allow(number) {
				check("granted", 0, 1)
			}
		}
		found = len(limiters.limiters)
		return nil
	}, func([]int) { check("keys", int64(found), keys) })
}

// Four at work and four in line; whoever comes beyond that is refused.
func bulkheadUncontended() figure {
	places := make(chan struct{}, 8)
	work := make(chan struct{}, 4)
	return perOperation(func(count int) {
		refused := 0
		for i := 0; i < count; i++ {
			select {
			case places <- struct{}{}:
				work <- struct{}{}
				<-work
				<-places
			default:
				refused++
			}
		}
		check("refused", int64(refused), 0)
	})
}

func flights() figure {
	return perOperation(func(count int) {
		var group singleflight.Group
		for round := 0; round < count/8; round++ {
			var callers sync.WaitGroup
			results := make([]int, 8)
			for caller := 0; caller < 8; caller++ {
				callers.Add(1)
				go func() {
					defer callers.Done()
					value, _, _ := group.Do("key", func() (any, error) {
						runtime.Gosched()
						return round, nil
					})
					results[caller] = value.(int)
				}()
			}
			callers.Wait()
			sum := 0
			for _, result := range results {
				sum += result
			}
			check("sum of what eight callers got", int64(sum), int64(8*round))
		}
	})
}

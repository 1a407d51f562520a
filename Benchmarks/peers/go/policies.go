package main

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const policyItems = 100_000
const entrants = 8

var errFailed = errors.New("failed")

func mayFail(item int) (int, error) {
	if item%10 == 9 {
		return 0, errFailed
	}
	return work(item), nil
}

// A deadline is a context here; the body runs in the caller's goroutine and looks at it.
func deadlineAround(body func(ctx context.Context) int) func() figure {
	return func() figure {
		return perOperation(func(count int) {
			deadline := time.Now().Add(time.Hour)
			done := 0
			for i := 0; i < count; i++ {
				ctx, cancel := context.WithDeadline(context.Background(), deadline)
				if ctx.Err() == nil {
					done += body(ctx)
				}
				cancel()
			}
			check("calls done", int64(done), int64(count))
		})
	}
}

func deadlineCall(ctx context.Context) int { return 1 }

func deadlineYield(ctx context.Context) int {
	runtime.Gosched()
	return 1
}

type outcome struct {
	value int
	err   error
}

// The shape of an errgroup whose functions keep their errors.
func gatherCollected() figure {
	var outcomes []outcome
	return perItem(policyItems, func(items int) []int {
		outcomes = make([]outcome, items)
		workers(items, func(take func() (int, bool)) {
			for item, ok := take(); ok; item, ok = take() {
				value, err := mayFail(item)
				outcomes[item] = outcome{value, err}
			}
		})
		return nil
	}, func([]int) {
		check("results", int64(len(outcomes)), policyItems)
		for item, found := range outcomes {
			value, err := mayFail(item)
			if found.value != value || found.err != err {
				check("a result in its place", int64(found.value), int64(value))
			}
		}
	})
}

// The same with a context that the goroutine with the last success needed cancels.
func gatherEnough() figure {
	const needed = policyItems * 9 / 20
	return perItem(policyItems/2, func(int) []int {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		results := make([]int, needed)
		var succeeded atomic.Int64
		workers(policyItems, func(take func() (int, bool)) {
			for item, ok := take(); ok && ctx.Err() == nil; item, ok = take() {
				value, err := mayFail(item)
				if err != nil {
					continue
				}
				place := succeeded.Add(1) - 1
				if place < needed {
					results[place] = value
				}
				if place == needed-1 {
					cancel()
				}
			}
		})
		return results
	}, func(results []int) {
		seen := make(map[int]bool)
		for _, result := range results {
			seen[result] = true
		}
		check("different successes", int64(len(seen)), needed)
	})
}

func raceEachYields() figure {
	return perOperation(func(count int) {
		for i := 0; i < count; i++ {
			ctx, cancel := context.WithCancel(context.Background())
			ends := make(chan int, entrants)
			var running sync.WaitGroup
			for item := 0; item < entrants; item++ {
				running.Add(1)
				go func() {
					defer running.Done()
					runtime.Gosched()
					if ctx.Err() == nil {
						ends <- item
					}
				}()
			}
			winner := <-ends
			cancel()
			running.Wait()
			if winner < 0 || winner >= entrants {
				check("a winner", int64(winner), 0)
			}
		}
	})
}

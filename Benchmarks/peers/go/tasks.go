package main

import (
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
)

const width = 64

func work(item int) int { return item * 31 }

// 64 workers take indices from one atomic counter: what an errgroup with a limit becomes when items
// are too small for a goroutine each. It is faster than workers over a channel.
func workers(items int, body func(take func() (int, bool))) {
	var next atomic.Int64
	take := func() (int, bool) {
		item := int(next.Add(1) - 1)
		return item, item < items
	}
	var running sync.WaitGroup
	for worker := 0; worker < width; worker++ {
		running.Add(1)
		go func() {
			defer running.Done()
			body(take)
		}()
	}
	running.Wait()
}

func gatherInputOrder() figure {
	return perItem(1_000_000, func(items int) []int {
		results := make([]int, items)
		workers(items, func(take func() (int, bool)) {
			for item, ok := take(); ok; item, ok = take() {
				results[item] = work(item)
			}
		})
		return results
	}, func(results []int) { checkResults(results, 1_000_000) })
}

func gatherCompletionOrder() figure {
	return perItem(1_000_000, func(items int) []int {
		results := make([]int, items)
		var free atomic.Int64
		workers(items, func(take func() (int, bool)) {
			for item, ok := take(); ok; item, ok = take() {
				results[free.Add(1)-1] = work(item)
			}
		})
		return results
	}, func(results []int) {
		sort.Ints(results)
		checkResults(results, 1_000_000)
	})
}

func gatherEachYields() figure {
	return perItem(100_000, func(items int) []int {
		results := make([]int, items)
		workers(items, func(take func() (int, bool)) {
			for item, ok := take(); ok; item, ok = take() {
				runtime.Gosched()
				results[item] = work(item)
			}
		})
		return results
	}, func(results []int) { checkResults(results, 100_000) })
}

func checkResults(results []int, items int) {
	check("results", int64(len(results)), int64(items))
	for item, result := range results {
		check("a result in its place", int64(result), int64(work(item)))
	}
}

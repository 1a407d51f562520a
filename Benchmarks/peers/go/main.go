// The Go side of the benchmark rows: `go ROW` measures one row and prints one line of JSON.
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"time"
)

var rows = map[string]func() figure{
	"buffered 1024, one producer one consumer":            channel(1024, 1, 1),
	"buffered 1024, many producers one consumer":          channel(1024, 8, 1),
	"buffered 1024, many producers many consumers":        channel(1024, 8, 8),
	"buffered 100, one producer one consumer":             channel(100, 1, 1),
	"unbuffered, one producer one consumer":               channel(0, 1, 1),
	"unbuffered, many producers one consumer":             channel(0, 8, 1),
	"unbuffered, one producer one consumer, thread pool":   channel(0, 1, 1),
	"unbuffered, many producers one consumer, thread pool": channel(0, 8, 1),
	"select over 6":              selectOverSix,
	"select over 6, thread pool": selectOverSix,
	"semaphore, uncontended acquire and release":          semaphoreUncontended,
	"semaphore, 8 tasks on 1 permit, held across a yield": semaphoreHeldAcrossYield,
	"semaphore, 64 tasks on 8 permits, short section":     semaphoreShortSection,
	"mutex, uncontended":                                  lock(1),
	"contended mutex, short section":                      lock(8),
	"contended mutex, short section, thread pool":         lock(8),
	"contended mutex, held across a yield":                mutexHeldAcrossYield,
	"contended mutex, held across a yield, thread pool":   mutexHeldAcrossYield,
	"spawn and join":                          spawnAndJoin,
	"yield, 8 tasks":                          yield,
	"ping-pong, unbuffered channel":           channel(0, 1, 1),
	"lock, uncontended pair":                  lock(1),
	"lock, 4 threads, short section":          lock(4),
	"thread, start and join":                  threadStartAndJoin,
	"hashing, 1,024 blocks of 4 kB":           perKernelItem(hashing),
	"convolution, 5×5 on 1,024×1,024":         perKernelItem(convolution),
	"sieve, primes below 4 million":           perKernelItem(sieve),
	"gather 1M, width 64":                     withPeakMemory(gatherInputOrder),
	"gather 1M, width 64, completion order":   gatherCompletionOrder,
	"gather 100k, width 64, each yields once": gatherEachYields,

	"deadline around a call":                          deadlineAround(deadlineCall),
	"deadline around a yield":                         deadlineAround(deadlineYield),
	"gather 100k, width 64, a tenth fails, collected": gatherCollected,
	"gather 100k, width 64, until 45k succeed":        gatherEnough,
	"race of 8, each yields once":                     raceEachYields,
	"stream 1M, width 64, completion order":      streamCompletionOrder,
	"stages, 3 hops, batches of 512":             stagesHops,
	"stages, 1M records put into batches of 512": stagesBatching,
}

const shortestMeasurement = 500 * time.Millisecond

type figure struct {
	value  float64
	memory float64 // growth in megabytes, 0 for rows that do not ask for it
	// What all sides of the row have to agree on, where they compute something.
	checksum string
}

func main() {
	if len(os.Args) != 2 || rows[os.Args[1]] == nil {
		names := make([]string, 0, len(rows))
		for name := range rows {
			names = append(names, name)
		}
		sort.Strings(names)
		fmt.Fprintf(os.Stderr, "usage: go ROW, where ROW is one of\n  %s\n", strings.Join(names, "\n  "))
		os.Exit(2)
	}
	result := rows[os.Args[1]]()
	if result.checksum != "" {
		fmt.Printf("{\"value\": %.2f, \"checksum\": \"%s\"}\n", result.value, result.checksum)
	} else if result.memory > 0 {
		fmt.Printf("{\"value\": %.2f, \"rss_mb\": %.2f}\n", result.value, result.memory)
	} else {
		fmt.Printf("{\"value\": %.2f}\n", result.value)
	}
}

func check(what string, found, expected int64) {
	if found != expected {
		fmt.Fprintf(os.Stderr, "%s: found %d, expected %d\n", what, found, expected)
		os.Exit(1)
	}
}

// perOperation warms up and measures exactly as the Swift sides do: the warm-up grows until it takes
// 50 ms, then slices of that many operations are measured until they took half a second together.
func perOperation(work func(count int)) figure {
	const shortestSlice = 50 * time.Millisecond
	count := 1024
	elapsed := timed(func() { work(count) })
	for elapsed < shortestSlice {
		if elapsed < shortestSlice/16 {
			count *= 16
		} else {
			count *= 2
		}
		elapsed = timed(func() { work(count) })
	}
	elapsed = 0
	slices := 0
	for elapsed < shortestMeasurement {
		elapsed += timed(func() { work(count) })
		slices++
	}
	return figure{value: float64(elapsed.Nanoseconds()) / float64(slices*count)}
}

// perItem always runs the whole number of items, since cost and memory may depend on it, and checks
// the results off the clock.
func perItem(items int, run func(items int) []int, check func(results []int)) figure {
	run(items / 10)
	var elapsed time.Duration
	runs := 0
	for elapsed < shortestMeasurement {
		var results []int
		elapsed += timed(func() { results = run(items) })
		check(results)
		runs++
	}
	return figure{value: float64(elapsed.Nanoseconds()) / float64(runs*items)}
}

func timed(work func()) time.Duration {
	start := time.Now()
	work()
	return time.Since(start)
}

// withPeakMemory adds how much memory the row needed at its peak above what the idle process held.
func withPeakMemory(measure func() figure) func() figure {
	return func() figure {
		idle := megabytes("VmRSS")
		result := measure()
		result.memory = megabytes("VmHWM") - idle
		return result
	}
}

// megabytes reads the kernel's account of this process.
func megabytes(key string) float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err == nil {
		for _, line := range strings.Split(string(status), "\n") {
			var kilobytes float64
			if n, _ := fmt.Sscanf(line, key+": %f kB", &kilobytes); n == 1 {
				return kilobytes / 1024
			}
		}
	}
	fmt.Fprintf(os.Stderr, "memory: no %s in /proc/self/status\n", key)
	os.Exit(1)
	return 0
}

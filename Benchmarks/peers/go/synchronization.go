package main

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// A buffered channel is Go's own counting semaphore: to send is to acquire, to receive is to release.
type semaphore chan struct{}

func (s semaphore) acquire() { s <- struct{}{} }
func (s semaphore) release() { <-s }

func semaphoreUncontended() figure {
	permits := make(semaphore, 4)
	return perOperation(func(count int) {
		for round := 0; round < count; round++ {
			permits.acquire()
			permits.release()
		}
	})
}

func semaphoreHeldAcrossYield() figure {
	return perOperation(func(count int) {
		permits := make(semaphore, 1)
		counter := 0
		spread(count, 8, func(rounds int) {
			for round := 0; round < rounds; round++ {
				permits.acquire()
				before := counter
				runtime.Gosched()
				counter = before + 1
				permits.release()
			}
		})
		check("exclusive increments", int64(counter), int64(count))
	})
}

func semaphoreShortSection() figure {
	return perOperation(func(count int) {
		permits := make(semaphore, 8)
		var inside, exceeded, done atomic.Int64
		spread(count, 64, func(rounds int) {
			for round := 0; round < rounds; round++ {
				permits.acquire()
				if inside.Add(1) > 8 {
					exceeded.Store(1)
				}
				inside.Add(-1)
				permits.release()
			}
			done.Add(int64(rounds))
		})
		check("sections run", done.Load(), int64(count))
		check("sections with too many inside", exceeded.Load(), 0)
	})
}

// Go has no threads of its own to hand out; goroutines share as many as there are cores.
func lock(goroutines int) func() figure {
	return func() figure {
		return perOperation(func(count int) {
			var mutex sync.Mutex
			counter := 0
			spread(count, goroutines, func(rounds int) {
				for round := 0; round < rounds; round++ {
					mutex.Lock()
					counter++
					mutex.Unlock()
				}
			})
			check("increments", int64(counter), int64(count))
		})
	}
}

func mutexHeldAcrossYield() figure {
	return perOperation(func(count int) {
		var mutex sync.Mutex
		counter := 0
		spread(count, 8, func(rounds int) {
			for round := 0; round < rounds; round++ {
				mutex.Lock()
				before := counter
				runtime.Gosched()
				counter = before + 1
				mutex.Unlock()
			}
		})
		check("exclusive increments", int64(counter), int64(count))
	})
}

// A goroutine is joined by what it sends.
func spawnAndJoin() figure {
	return perOperation(func(count int) {
		done := 0
		for round := 0; round < count; round++ {
			result := make(chan int, 1)
			go func() { result <- 1 }()
			done += <-result
		}
		check("goroutines joined", int64(done), int64(count))
	})
}

func yield() figure {
	return perOperation(func(count int) {
		spread(count, 8, func(rounds int) {
			for round := 0; round < rounds; round++ {
				runtime.Gosched()
			}
		})
	})
}

func spread(count, goroutines int, work func(rounds int)) {
	var running sync.WaitGroup
	for goroutine := 0; goroutine < goroutines; goroutine++ {
		running.Add(1)
		go func() {
			defer running.Done()
			work(count / goroutines)
		}()
	}
	running.Wait()
}

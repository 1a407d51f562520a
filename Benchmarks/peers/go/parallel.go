package main

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A kernel is a computation in independent items; the sum of what they give is the checksum.
type kernel struct {
	items int
	work  func(item int) uint64
}

// Knuth's linear congruential generator, its highest byte: the same input as on the other sides.
func bytes(count int) []byte {
	state := uint64(1)
	result := make([]byte, count)
	for index := range result {
		state = state*6364136223846793005 + 1442695040888963407
		result[index] = byte(state >> 56)
	}
	return result
}

func hashing() kernel {
	const blocks, size = 1024, 4096
	input := bytes(blocks * size)
	return kernel{blocks, func(block int) uint64 {
		hash := uint64(0xcbf29ce484222325)
		for _, value := range input[block*size : (block+1)*size] {
			hash = (hash ^ uint64(value)) * 0x100000001b3
		}
		return hash
	}}
}

func convolution() kernel {
	const side = 1024
	input := bytes(side * side)
	weights := [5]int{1, 4, 6, 4, 1}
	return kernel{side - 4, func(line int) uint64 {
		var output [side]byte
		for x := 2; x < side-2; x++ {
			sum := 0
			for dy := 0; dy < 5; dy++ {
				start := (line+dy)*side + x - 2
				for dx := 0; dx < 5; dx++ {
					sum += int(input[start+dx]) * weights[dy] * weights[dx]
				}
			}
			output[x] = byte(sum >> 8)
		}
		checksum := uint64(0)
		for x := 2; x < side-2; x++ {
			checksum += uint64(output[x]) * uint64(line*side+x)
		}
		return checksum
	}}
}

func sieve() kernel {
	const segments, size = 128, 32768
	var primes []int
	for number := 2; number < 2048; number++ {
		isPrime := true
		for divisor := 2; divisor < number; divisor++ {
			if number%divisor == 0 {
				isPrime = false
				break
			}
		}
		if isPrime {
			primes = append(primes, number)
		}
	}
	return kernel{segments, func(segment int) uint64 {
		low := segment * size
		var isComposite [size]bool
		for _, prime := range primes {
			for multiple := max(prime*prime, (low+prime-1)/prime*prime) - low; multiple < size; multiple += prime {
				isComposite[multiple] = true
			}
		}
		sum := uint64(0)
		for number, composite := range isComposite {
			if !composite && low+number >= 2 {
				sum += uint64(low + number)
			}
		}
		return sum
	}}
}

// A goroutine for each processor takes items from one atomic counter.
func (k kernel) run() uint64 {
	var next atomic.Int64
	var total atomic.Uint64
	var running sync.WaitGroup
	for worker := 0; worker < runtime.GOMAXPROCS(0); worker++ {
		running.Add(1)
		go func() {
			defer running.Done()
			sum := uint64(0)
			for item := int(next.Add(1) - 1); item < k.items; item = int(next.Add(1) - 1) {
				sum += k.work(item)
			}
			total.Add(sum)
		}()
	}
	running.Wait()
	return total.Load()
}

// perKernelItem runs the whole kernel for 50 ms to warm up and then for half a second.
func perKernelItem(make func() kernel) func() figure {
	return func() figure {
		k := make()
		checksum := k.run()
		measure := func(shortest time.Duration) float64 {
			var elapsed time.Duration
			runs := 0
			for elapsed < shortest {
				var found uint64
				elapsed += timed(func() { found = k.run() })
				runs++
				if found != checksum {
					fmt.Fprintf(os.Stderr, "checksum: %d after %d\n", found, checksum)
					os.Exit(1)
				}
			}
			return float64(elapsed.Nanoseconds()) / float64(runs*k.items)
		}
		measure(50 * time.Millisecond)
		return figure{value: measure(shortestMeasurement), checksum: fmt.Sprint(checksum)}
	}
}

// threadStartAndJoin: a goroutine that ends while it is locked to its thread takes the thread with it, so each has a new one.
func threadStartAndJoin() figure {
	return perOperation(func(count int) {
		joined := 0
		for round := 0; round < count; round++ {
			result := make(chan int, 1)
			go func() {
				runtime.LockOSThread()
				result <- 1
			}()
			joined += <-result
		}
		check("threads joined", int64(joined), int64(count))
	})
}

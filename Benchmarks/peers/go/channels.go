package main

import "sync"

func channel(capacity, producers, consumers int) func() figure {
	return func() figure {
		return perOperation(func(count int) { exchange(count, capacity, producers, consumers) })
	}
}

func exchange(count, capacity, producers, consumers int) {
	elements := make(chan int, capacity)
	var sending sync.WaitGroup
	share := count / producers
	for producer := 0; producer < producers; producer++ {
		sending.Add(1)
		go func(first int) {
			defer sending.Done()
			for element := first; element < first+share; element++ {
				elements <- element
			}
		}(producer * share)
	}
	go func() {
		sending.Wait()
		close(elements)
	}()
	type tally struct{ count, sum int64 }
	tallies := make(chan tally, consumers)
	for consumer := 0; consumer < consumers; consumer++ {
		go func() {
			var seen tally
			for element := range elements {
				seen.count++
				seen.sum += int64(element)
			}
			tallies <- seen
		}()
	}
	var total tally
	for consumer := 0; consumer < consumers; consumer++ {
		seen := <-tallies
		total.count += seen.count
		total.sum += seen.sum
	}
	check("elements received", total.count, int64(count))
	check("sum of elements", total.sum, int64(count)*int64(count-1)/2)
}

// selectOverSix receives from six producers, each with a channel of its own without a buffer.
func selectOverSix() figure {
	return perOperation(func(count int) {
		var channels [6]chan int
		for producer := range channels {
			elements := make(chan int)
			channels[producer] = elements
			go func() {
				for element := producer; element < count; element += len(channels) {
					elements <- element
				}
			}()
		}
		var seen, sum int64
		for seen < int64(count) {
			var element int
			select {
			case element = <-channels[0]:
			case element = <-channels[1]:
			case element = <-channels[2]:
			case element = <-channels[3]:
			case element = <-channels[4]:
			case element = <-channels[5]:
			}
			seen++
			sum += int64(element)
		}
		check("sum of elements", sum, int64(count)*int64(count-1)/2)
	})
}

package main

import "sync"

const batchSize = 512

// 64 workers take indices from one atomic counter and send results over a buffered channel.
func streamCompletionOrder() figure {
	const million = 1_000_000
	run := func(items int) []int {
		results := make(chan int, 2*width)
		go func() {
			workers(items, func(take func() (int, bool)) {
				for item, ok := take(); ok; item, ok = take() {
					results <- work(item)
				}
			})
			close(results)
		}()
		count, sum := 0, 0
		for result := range results {
			count++
			sum += result
		}
		return []int{count, sum}
	}
	return perItem(million, run, func(seen []int) {
		check("items received", int64(seen[0]), million)
		check("sum", int64(seen[1]), million*(million-1)/2*31)
	})
}

// A goroutine for each stage, two for those in the middle, and buffered channels between them.
func stagesHops() figure {
	const records = 1 << 23
	batches := make([][]int, records/batchSize)
	for batch := range batches {
		batches[batch] = make([]int, batchSize)
		for record := range batches[batch] {
			batches[batch][record] = batch*batchSize + record
		}
	}
	run := func(items int) []int {
		channels := []chan []int{make(chan []int, 8), make(chan []int, 8), make(chan []int, 8)}
		go func() {
			for _, batch := range batches[:items/batchSize] {
				channels[0] <- batch
			}
			close(channels[0])
		}()
		for hop := 0; hop < 2; hop++ {
			var running sync.WaitGroup
			from, to := channels[hop], channels[hop+1]
			for worker := 0; worker < 2; worker++ {
				running.Add(1)
				go func() {
					defer running.Done()
					for batch := range from {
						to <- batch
					}
				}()
			}
			go func() {
				running.Wait()
				close(to)
			}()
		}
		count, sum := 0, 0
		for batch := range channels[2] {
			count++
			sum += batch[0]
		}
		return []int{count, sum, items}
	}
	return perItem(records, run, func(seen []int) {
		check("records", int64(seen[0]), int64(seen[2]/batchSize))
	})
}

func stagesBatching() figure {
	const million = 1_000_000
	run := func(items int) []int {
		records := make(chan int, 1024)
		go func() {
			for record := 0; record < items; record++ {
				records <- record
			}
			close(records)
		}()
		count, sum := 0, 0
		flush := func(batch []int) {
			count += len(batch)
			for _, record := range batch {
				sum += record
			}
		}
		batch := make([]int, 0, batchSize)
		for record := range records {
			batch = append(batch, record)
			if len(batch) == batchSize {
				flush(batch)
				batch = make([]int, 0, batchSize)
			}
		}
		flush(batch)
		return []int{count, sum}
	}
	return perItem(million, run, func(seen []int) {
		check("records", int64(seen[0]), million)
		check("sum", int64(seen[1]), million*(million-1)/2)
	})
}

// A pipeline from topic to topic by franz-go. Takes the guarantee (`at_least_once` or `exactly_once`) and the input as JSON.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-json"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	commitInterval      = time.Second
	transactionInterval = 100 * time.Millisecond
	linger              = 5 * time.Millisecond
	// The default of 10,000 stops the loop while a request is answered.
	maxBufferedRecords = 500_000
)

type input struct {
	Brokers string `json:"brokers"`
	Topic   string `json:"topic"`
	Output  string `json:"output"`
	GroupID string `json:"groupId"`
}

type message struct {
	ID   int64  `json:"id"`
	Text string `json:"text"`
}

func main() {
	var in input
	check(json.Unmarshal([]byte(os.Args[2]), &in))
	options := []kgo.Opt{
		kgo.SeedBrokers(strings.Split(in.Brokers, ",")...),
		kgo.ConsumerGroup(in.GroupID),
		kgo.ConsumeTopics(in.Topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DefaultProduceTopic(in.Output),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.ProducerLinger(linger),
		kgo.MaxBufferedRecords(maxBufferedRecords),
	}
	if os.Args[1] == "exactly_once" {
		go exactlyOnce(append(options,
			kgo.TransactionalID(in.GroupID),
			kgo.FetchIsolationLevel(kgo.ReadCommitted()),
			kgo.RequireStableFetchOffsets(),
		))
	} else {
		go atLeastOnce(append(options, kgo.AutoCommitMarks(), kgo.AutoCommitInterval(commitInterval)))
	}
	_, err := io.Copy(io.Discard, os.Stdin)
	check(err)
}

// The records of one poll.
type polled struct {
	// The last one of each partition.
	last           []*kgo.Record
	unacknowledged sync.WaitGroup
}

// Reads on while records are sent. The records of a poll are committed when their results and those of all polls before are
// acknowledged.
func atLeastOnce(options []kgo.Opt) {
	ctx := context.Background()
	client, err := kgo.NewClient(options...)
	check(err)
	sent := make(chan *polled, 64)
	go func() {
		for poll := range sent {
			poll.unacknowledged.Wait()
			client.MarkCommitRecords(poll.last...)
		}
	}()
	for {
		fetches := client.PollFetches(ctx)
		check(fetches.Err())
		poll := &polled{}
		poll.unacknowledged.Add(fetches.NumRecords())
		acknowledged := func(_ *kgo.Record, err error) {
			check(err)
			poll.unacknowledged.Done()
		}
		eachPartition(fetches, func(records []*kgo.Record) {
			for _, record := range records {
				client.Produce(ctx, transform(record), acknowledged)
			}
		})
		fetches.EachPartition(func(partition kgo.FetchTopicPartition) {
			if n := len(partition.Records); n > 0 {
				poll.last = append(poll.last, partition.Records[n-1])
			}
		})
		sent <- poll
	}
}

// Polls into a transaction until it is 100 ms old, and ends it before the next poll, as the session demands.
func exactlyOnce(options []kgo.Opt) {
	ctx := context.Background()
	session, err := kgo.NewGroupTransactSession(options...)
	check(err)
	for {
		fetches := session.PollFetches(ctx)
		check(fetches.Err())
		check(session.Begin())
		due, cancel := context.WithTimeout(ctx, transactionInterval)
		promise := kgo.AbortingFirstErrPromise(session.Client())
		send := func(records []*kgo.Record) {
			for _, record := range records {
				session.Produce(ctx, transform(record), promise.Promise())
			}
		}
		eachPartition(fetches, send)
		for due.Err() == nil {
			fetches = session.PollFetches(due)
			if err := fetches.Err(); !errors.Is(err, context.DeadlineExceeded) {
				check(err)
			}
			eachPartition(fetches, send)
		}
		cancel()
		check(session.Client().Flush(ctx))
		// An aborted transaction is not an error: the session goes back to its last committed offsets.
		_, err := session.End(ctx, kgo.TransactionEndTry(promise.Err() == nil))
		check(err)
	}
}

// Handles the partitions of a poll at the same time.
func eachPartition(fetches kgo.Fetches, handle func(records []*kgo.Record)) {
	var handled sync.WaitGroup
	fetches.EachPartition(func(partition kgo.FetchTopicPartition) {
		handled.Go(func() { handle(partition.Records) })
	})
	handled.Wait()
}

func transform(record *kgo.Record) *kgo.Record {
	var read message
	check(json.Unmarshal(record.Value, &read))
	read.Text = strings.ToUpper(read.Text)
	value, err := json.Marshal(read)
	check(err)
	return &kgo.Record{Key: record.Key, Value: value}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

package main

import (
	"context"
	"fmt"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// A consumer that polls gets everything, and the next of its group goes on where that one ended. A broker may hear of the
// end after the next one has asked; so there are rounds until it was in time.
func pull(s *session) {
	s.createTopic(s.name)
	p := s.newProducer()
	round := 0
	until("consumer that goes on where the last one ended", func() bool {
		round++
		prefix := fmt.Sprintf("round %d, ", round)
		bodies := numbered(prefix, 40)
		s.sendAll(p, bodies)
		got := polled(s, prefix, len(bodies))
		expectSame(withPrefix(prefix, got), bodies)
		return round > 1 && len(got) == len(bodies)
	})
}

// There is one at a time; but this client says no good-bye, and a broker that has not missed it yet would leave it queues.
func allQueues(_, _ string, queues []*primitive.MessageQueue, _ []string) []*primitive.MessageQueue {
	return queues
}

func newPullConsumer(s *session) rocketmq.PullConsumer {
	c, err := rocketmq.NewPullConsumer(append(s.consumerOptions(), consumer.WithStrategy(allQueues))...)
	must(err)
	must(c.Subscribe(s.name, everything()))
	must(c.Start())
	s.closing = append(s.closing, c.Shutdown)
	return c
}

// Polls until so many are there with the prefix, whatever else comes.
func polled(s *session, prefix string, wanted int) (bodies []string) {
	c := newPullConsumer(s)
	waitFor(func() bool {
		request, err := c.Poll(context.Background(), time.Second)
		if err == nil {
			bodies = append(bodies, bodiesOf(request.GetMsgList())...)
			c.ACK(context.Background(), request, consumer.ConsumeSuccess)
		}
		return len(withPrefix(prefix, bodies)) >= wanted
	})
	must(c.Shutdown())
	return bodies
}

func bodiesOf(messages []*primitive.MessageExt) (bodies []string) {
	for _, message := range messages {
		bodies = append(bodies, string(message.Body))
	}
	return bodies
}

// Messages of a queue from an offset on, as many as asked for at once.
func pullFrom(s *session) {
	queues := s.createTopic(s.name)
	s.sendAll(s.newProducer(), numbered("p", 40))
	c := newPullConsumer(s)
	var bodies []string
	for _, queue := range queues {
		// A message that was sent is in its queue a moment later.
		until("end of the queue", func() bool {
			result, err := c.PullFrom(context.Background(), queue, 0, 1)
			return err == nil && result.MaxOffset == 5
		})
		bodies = append(bodies, bodiesOf(pulled(c, queue, 0, 3).GetMessageExts())...)
		bodies = append(bodies, bodiesOf(pulled(c, queue, 3, 2).GetMessageExts())...)
	}
	expectSame(bodies, numbered("p", 40))
}

func pulled(c rocketmq.PullConsumer, queue *primitive.MessageQueue, offset int64, count int) *primitive.PullResult {
	result, err := c.PullFrom(context.Background(), queue, offset, count)
	must(err)
	if result.Status != primitive.PullFound || result.NextBeginOffset != offset+int64(count) || result.MinOffset != 0 {
		fail("pulled %d at %d of %s: %+v", count, offset, queue, *result)
	}
	return result
}

package main

import (
	"context"
	"fmt"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// Sends by the function given, and sees that all of it arrives.
func sent(s *session, bodies []string, send func(messages []*primitive.Message)) {
	var messages []*primitive.Message
	for _, body := range bodies {
		messages = append(messages, primitive.NewMessage(s.name, []byte(body)))
	}
	send(messages)
	s.awaitTopic(s.name)
	var seen inbox
	s.consume(everything(), seen.take)
	seen.expect(bodies)
}

// All in one request, to one queue; the client sends bodies and properties packed.
func batch(s *session) {
	p := s.newProducer()
	sent(s, numbered("of a batch ", 50), func(messages []*primitive.Message) {
		if result := sendOne(p, messages...); result.QueueOffset != 0 {
			fail("sent: %s", result)
		}
	})
}

func oneway(s *session) {
	s.createTopic(s.name)
	p := s.newProducer()
	sent(s, numbered("oneway ", 20), func(messages []*primitive.Message) {
		for _, message := range messages {
			must(p.SendOneWay(context.Background(), message))
		}
	})
}

func asyncSend(s *session) {
	p := s.newProducer()
	sent(s, numbered("async ", 20), func(messages []*primitive.Message) {
		outcomes := make(chan error, len(messages))
		for _, message := range messages {
			go func(message *primitive.Message) { outcomes <- guarded(func() { sendAsync(p, message) }) }(message)
		}
		for range messages {
			must(<-outcomes)
		}
	})
}

// The client calls back twice where there was no answer.
func sendAsync(p rocketmq.Producer, message *primitive.Message) {
	unlessBusy(func() error {
		outcome := make(chan error, 2)
		must(p.SendAsync(context.Background(), func(_ context.Context, result *primitive.SendResult, err error) {
			if err == nil && result.Status != primitive.SendOK {
				err = fmt.Errorf("sent: %s", result)
			}
			outcome <- err
		}, message))
		select {
		case err := <-outcome:
			return err
		case <-time.After(patience):
			return fmt.Errorf("no outcome within %s", patience)
		}
	})
}

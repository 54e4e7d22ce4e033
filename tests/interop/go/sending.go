package main

import (
	"context"
	"fmt"

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
		result, err := p.SendSync(context.Background(), messages...)
		must(err)
		if result.Status != primitive.SendOK || result.QueueOffset != 0 {
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
		var outcomes inbox
		for _, message := range messages {
			must(p.SendAsync(context.Background(), func(_ context.Context, result *primitive.SendResult, err error) {
				if err != nil || result.Status != primitive.SendOK {
					outcomes.add(fmt.Sprintf("%v %v", err, result))
				} else {
					outcomes.add("sent")
				}
			}, message))
		}
		wanted := make([]string, len(messages))
		for i := range wanted {
			wanted[i] = "sent"
		}
		outcomes.expect(wanted)
	})
}

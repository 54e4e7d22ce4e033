package main

import (
	"context"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// A consumer answers each request, and the one who asked gets the answer.
func requestReply(s *session) {
	s.createTopic(s.name)
	instance := s.instance()
	requester := s.newProducer(producer.WithInstanceName(instance))
	var problems inbox
	s.announce(instance, answering(s, &problems))
	for _, body := range numbered("frage 問 ", 5) {
		reply, err := requester.Request(context.Background(), patience, primitive.NewMessage(s.name, []byte(body)))
		if err != nil {
			fail("%s: %v; the consumer: %q", body, err, problems.all())
		}
		if string(reply.Body) != "answer to "+body {
			fail("%s: got %s", body, reply)
		}
	}
	problems.expect(nil)
}

func answering(s *session, problems *inbox) handler {
	replier := s.newProducer()
	return func(m *primitive.MessageExt) consumer.ConsumeResult {
		reply, err := consumer.CreateReplyMessage(m, nil)
		if err == nil {
			// The client makes properties of the body that it is given.
			reply.Body = append([]byte("answer to "), m.Body...)
			err = guarded(func() { sendOne(replier, reply) })
		}
		if err != nil {
			problems.add(err.Error())
		}
		return consumer.ConsumeSuccess
	}
}

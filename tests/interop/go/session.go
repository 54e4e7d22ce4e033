package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// What a scenario has of the broker: its names, and clients that go with it.
type session struct {
	namesrv, broker, name string
	clients               int
	closing               []func() error
}

func (s *session) close() {
	for i := len(s.closing) - 1; i >= 0; i-- {
		_ = s.closing[i]()
	}
}

func (s *session) servers() primitive.NamesrvAddr { return primitive.NamesrvAddr{s.namesrv} }

func (s *session) group() string { return "c-" + s.name }

// Clients of one instance name share a connection, and of broadcasting the offsets that an earlier run left at home; ours
// are to be strangers.
func (s *session) instance() string {
	s.clients++
	return fmt.Sprintf("%s-%d-%d", s.name, os.Getpid(), s.clients)
}

func (s *session) newProducer(options ...producer.Option) rocketmq.Producer {
	p, err := rocketmq.NewProducer(append(s.producerOptions(), options...)...)
	must(err)
	must(p.Start())
	s.closing = append(s.closing, p.Shutdown)
	return p
}

func (s *session) producerOptions() []producer.Option {
	return []producer.Option{producer.WithNameServer(s.servers()), producer.WithGroupName("p-" + s.name),
		producer.WithInstanceName(s.instance())}
}

type handler func(*primitive.MessageExt) consumer.ConsumeResult

// A push consumer from the first offset on; each message goes to the handler.
func (s *session) consume(selector consumer.MessageSelector, handle handler, options ...consumer.Option) {
	s.consumeFrom(s.name, selector, handle, options...)
}

func (s *session) consumeFrom(topic string, selector consumer.MessageSelector, handle handler, options ...consumer.Option) {
	c, err := rocketmq.NewPushConsumer(append(s.consumerOptions(), options...)...)
	must(err)
	must(c.Subscribe(topic, selector, eachTo(handle)))
	must(c.Start())
	s.closing = append(s.closing, c.Shutdown)
}

func (s *session) consumerOptions() []consumer.Option {
	return []consumer.Option{consumer.WithNameServer(s.servers()), consumer.WithGroupName(s.group()),
		consumer.WithInstance(s.instance()), consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset)}
}

func eachTo(handle handler) func(context.Context, ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
	return func(_ context.Context, messages ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
		result := consumer.ConsumeSuccess
		for _, message := range messages {
			if verdict := handle(message); verdict != consumer.ConsumeSuccess {
				result = verdict
			}
		}
		return result, nil
	}
}

// The broker asks and answers producers that it knows by their heartbeat, which this client sends after a second if it
// knows the broker by then, and next after 30. A consumer sends one when it starts; so this one is of the producer's instance,
// which is one client then. The producer comes first: a client takes questions to the group that it was made for.
func (s *session) announce(instance string, handle handler) {
	s.consume(everything(), handle, consumer.WithInstance(instance))
}

func everything() consumer.MessageSelector { return consumer.MessageSelector{} }

func (s *session) newAdmin() admin.Admin {
	a, err := admin.NewAdmin(admin.WithResolver(primitive.NewPassthroughResolver([]string{s.namesrv})))
	must(err)
	s.closing = append(s.closing, a.Close)
	return a
}

// Eight queues. The client does not look at the broker's answer, so this waits for the route.
func (s *session) createTopic(topic string) []*primitive.MessageQueue {
	a := s.newAdmin()
	until("creation of "+topic, func() bool {
		return a.CreateTopic(context.Background(), admin.WithTopicCreate(topic), admin.WithBrokerAddrCreate(s.broker)) == nil
	})
	queues := s.awaitTopic(topic)
	if len(queues) != 8 {
		fail("%s has %d queues, not 8", topic, len(queues))
	}
	return queues
}

func (s *session) awaitTopic(topic string) (queues []*primitive.MessageQueue) {
	a := s.newAdmin()
	until("route of "+topic, func() (known bool) {
		var err error
		queues, err = a.FetchPublishMessageQueues(context.Background(), topic)
		return err == nil
	})
	return queues
}

func (s *session) sendAll(p rocketmq.Producer, bodies []string, prepare ...func(int, *primitive.Message)) {
	for i, body := range bodies {
		message := primitive.NewMessage(s.name, []byte(body))
		for _, change := range prepare {
			change(i, message)
		}
		sendOne(p, message)
	}
}

func sendOne(p rocketmq.Producer, messages ...*primitive.Message) (sent *primitive.SendResult) {
	unlessBusy(func() (err error) {
		sent, err = p.SendSync(context.Background(), messages...)
		return err
	})
	if sent.Status != primitive.SendOK {
		fail("sent: %s", sent)
	}
	return sent
}

// A genuine broker refuses what waited 200 ms for its turn, as things do when it has just started; nothing is stored then.
func unlessBusy(send func() error) {
	var err error
	waitFor(func() bool {
		err = send()
		return err == nil || !strings.Contains(err.Error(), "broker busy")
	})
	must(err)
}

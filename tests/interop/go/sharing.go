package main

import (
	"fmt"
	"strings"
	"sync/atomic"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// Two consumers of a group share the queues; bodies, keys, tags and properties come as they were sent, each once.
func push(s *session) {
	queues := s.createTopic(s.name)
	sharers := [2]*sharer{{topic: s.name}, {topic: s.name}}
	for _, one := range sharers {
		s.consume(everything(), one.takeDressed, consumer.WithStrategy(one.allocate))
	}
	until("half of the queues for each", func() bool {
		half := int32(len(queues) / 2)
		return atomic.LoadInt32(&sharers[0].queues) == half && atomic.LoadInt32(&sharers[1].queues) == half
	})
	p := s.newProducer()
	untilShared(s, p, sharers)
	// The last one is compressed by the client.
	bodies := append(numbered("körper 消息 ", 100), strings.Repeat("groß ", 20000))
	s.sendAll(p, bodies, dressed)
	got := func() []string {
		return append(without("round ", sharers[0].all()), without("round ", sharers[1].all())...)
	}
	waitFor(func() bool { return len(got()) >= len(bodies) })
	expectSame(got(), bodies)
}

func dressed(_ int, m *primitive.Message) {
	m.WithTag("TagÄ").WithKeys([]string{"k1", "k2"}).WithProperty("colour", "blau 青")
}

// One of several consumers of a group, which knows how many queues it has.
type sharer struct {
	inbox
	topic  string
	queues int32
}

func (h *sharer) allocate(group, id string, queues []*primitive.MessageQueue, ids []string) []*primitive.MessageQueue {
	mine := consumer.AllocateByAveragely(group, id, queues, ids)
	if queues[0].Topic == h.topic {
		atomic.StoreInt32(&h.queues, int32(len(mine)))
	}
	return mine
}

func (h *sharer) takeDressed(m *primitive.MessageExt) consumer.ConsumeResult {
	if m.GetTags() != "TagÄ" || m.GetKeys() != "k1 k2" || m.GetProperty("colour") != "blau 青" {
		h.add("wrong properties: " + m.String())
	}
	return h.take(m)
}

// Rounds of a message to each queue, until both consumers have something of one round, and nothing came twice: queues
// that move between consumers may bring a message to both.
func untilShared(s *session, p rocketmq.Producer, sharers [2]*sharer) {
	round := 0
	until("round shared by both consumers", func() bool {
		round++
		prefix := fmt.Sprintf("round %d ", round)
		bodies := numbered(prefix, 8)
		s.sendAll(p, bodies, dressed)
		var one, two []string
		waitFor(func() bool {
			one, two = withPrefix(prefix, sharers[0].all()), withPrefix(prefix, sharers[1].all())
			return len(one)+len(two) >= len(bodies)
		})
		return len(one) > 0 && len(two) > 0 && same(append(one, two...), bodies)
	})
}

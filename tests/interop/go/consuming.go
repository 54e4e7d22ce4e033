package main

import (
	"fmt"
	"strings"
	"sync"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// Sends some of three kinds and then more of the first, behind the others in every queue; consumes what the selector takes.
func selected(s *session, selector consumer.MessageSelector, takes func(i int) bool) {
	p := s.newProducer()
	bodies := numbered("m", 60)
	s.sendAll(p, bodies, func(i int, m *primitive.Message) { m.WithTag(tagOf(i)).WithProperty("a", fmt.Sprint(i)) })
	var wanted []string
	for i, body := range bodies {
		if takes(i) {
			wanted = append(wanted, body)
		}
	}
	s.awaitTopic(s.name)
	var seen inbox
	s.consume(selector, seen.take)
	seen.expect(wanted)
}

func tagOf(i int) string {
	if i >= 40 {
		return "TagA"
	}
	return []string{"TagA", "TagB", "TagC"}[i%3]
}

func tags(s *session) {
	selected(s, consumer.MessageSelector{Type: consumer.TAG, Expression: "TagA || TagC"},
		func(i int) bool { return tagOf(i) != "TagB" })
}

func sql92(s *session) {
	selected(s, consumer.MessageSelector{Type: consumer.SQL92, Expression: "(a BETWEEN 5 AND 20 OR a > 44) AND TAGS <> 'TagB'"},
		func(i int) bool { return (i >= 5 && i <= 20 || i > 44) && tagOf(i) != "TagB" })
}

// Messages of a sharding key come in the order in which they were sent. One consumer: of two, started together, this
// client leaves queues to nobody for minutes.
func ordered(s *session) {
	s.createTopic(s.name)
	next := sequence{next: map[string]int{}}
	s.consume(everything(), next.take, consumer.WithConsumerOrder(true))
	p := s.newProducer(producer.WithQueueSelector(producer.NewHashQueueSelector()))
	var bodies []string
	for number := 0; number < 15; number++ {
		for _, key := range []string{"k0", "k1", "k2", "k3", "k4"} {
			bodies = append(bodies, fmt.Sprintf("%s %d", key, number))
		}
	}
	s.sendAll(p, bodies, func(i int, m *primitive.Message) { m.WithShardingKey(strings.Fields(bodies[i])[0]) })
	next.seen.expect(bodies)
}

// Takes bodies of a key and a number, and complains of a number that is not its key's next.
type sequence struct {
	mutex sync.Mutex
	next  map[string]int
	seen  inbox
}

func (q *sequence) take(m *primitive.MessageExt) consumer.ConsumeResult {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	var key string
	var number int
	if _, err := fmt.Sscanf(string(m.Body), "%s %d", &key, &number); err != nil {
		q.seen.add(err.Error())
	}
	if number != q.next[key] || m.GetShardingKey() != key {
		q.seen.add(fmt.Sprintf("%s %d, key %s, came where %d was next", key, number, m.GetShardingKey(), q.next[key]))
	}
	q.next[key] = number + 1
	return q.seen.take(m)
}

// Every consumer gets everything.
func broadcast(s *session) {
	s.createTopic(s.name)
	var boxes [2]inbox
	for i := range boxes {
		s.consume(everything(), boxes[i].take, consumer.WithConsumerModel(consumer.BroadCasting))
	}
	bodies := numbered("b", 40)
	s.sendAll(s.newProducer(), bodies)
	for i := range boxes {
		boxes[i].expect(bodies)
	}
}

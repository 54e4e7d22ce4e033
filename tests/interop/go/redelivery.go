package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

// This client finds routes at its start, and then every 30 s. The broker makes the retry topic of a group when the first of
// the group comes, which is too late for that one; so it is made before.
func (s *session) createRetryTopic() { s.createTopic("%RETRY%" + s.group()) }

// A message that was refused once comes again, counted, from its own topic, with all its properties.
func retry(s *session) {
	s.createTopic(s.name)
	s.createRetryTopic()
	var refused, accepted inbox
	s.consume(everything(), func(m *primitive.MessageExt) consumer.ConsumeResult {
		if m.ReconsumeTimes == 0 {
			refused.take(m)
			return consumer.ConsumeRetryLater
		}
		if m.ReconsumeTimes != 1 || m.Topic != s.name || m.GetTags() != "TagÄ" || m.GetProperty("colour") != "blau 青" {
			accepted.add("wrong: " + m.String())
		}
		return accepted.take(m)
	})
	bodies := numbered("r", 5)
	s.sendAll(s.newProducer(), bodies, dressed)
	accepted.expect(bodies)
	refused.expect(bodies)
}

// A message that is refused too often goes to the dead letters.
func dlq(s *session) {
	s.createTopic(s.name)
	s.createRetryTopic()
	var refused inbox
	s.consume(everything(), func(m *primitive.MessageExt) consumer.ConsumeResult {
		refused.add(fmt.Sprint(m.ReconsumeTimes))
		return consumer.ConsumeRetryLater
	}, consumer.WithMaxReconsumeTimes(1))
	s.sendAll(s.newProducer(), []string{"hopeless"}, dressed)
	dead := deadLetters(s)
	dead.expect([]string{"hopeless"})
	refused.expect([]string{"0", "1"})
}

func deadLetters(s *session) *inbox {
	topic := "%DLQ%" + s.group()
	s.awaitTopic(topic)
	var dead inbox
	s.consumeFrom(topic, everything(), func(m *primitive.MessageExt) consumer.ConsumeResult {
		if m.Topic != topic || m.GetTags() != "TagÄ" || m.GetProperty("colour") != "blau 青" {
			dead.add("wrong: " + m.String())
		}
		return dead.take(m)
	}, consumer.WithGroupName("d-"+s.name))
	return &dead
}

// Not before its time, and then soon.
func delay(s *session) {
	levels := []time.Duration{time.Second, 2 * time.Second, 5 * time.Second}
	s.createTopic(s.name)
	var mutex sync.Mutex
	due := map[string]time.Time{}
	var seen inbox
	s.consume(everything(), func(m *primitive.MessageExt) consumer.ConsumeResult {
		mutex.Lock()
		defer mutex.Unlock()
		// Clocks of broker and client are one; the broker may round down to its timer's tick.
		if late := time.Since(due[string(m.Body)]); late < -50*time.Millisecond || late > 30*time.Second {
			seen.add(fmt.Sprintf("%s came %s after it was due", m.Body, late))
		}
		return seen.take(m)
	})
	p := s.newProducer()
	bodies := numbered("level ", len(levels))
	for i, body := range bodies {
		mutex.Lock()
		due[body] = time.Now().Add(levels[i])
		mutex.Unlock()
		sendOne(p, primitive.NewMessage(s.name, []byte(body)).WithDelayTimeLevel(i+1))
	}
	seen.expect(bodies)
}

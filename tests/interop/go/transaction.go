package main

import (
	"context"
	"fmt"
	"sync"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// A body says what becomes of its message.
type verdicts struct {
	checked inbox
	decided sync.Map
}

func (v *verdicts) ExecuteLocalTransaction(m *primitive.Message) primitive.LocalTransactionState {
	switch string(m.Body) {
	case "commit":
		return primitive.CommitMessageState
	case "rollback":
		return primitive.RollbackMessageState
	}
	return primitive.UnknowState
}

// A broker writes down in batches what is settled, and may ask about that, too; and before it knows the answer it may
// ask again, and would take another one for that of another message.
func (v *verdicts) CheckLocalTransaction(m *primitive.MessageExt) primitive.LocalTransactionState {
	v.checked.add(string(m.Body))
	if _, before := v.decided.LoadOrStore(string(m.Body), true); before {
		return primitive.UnknowState
	}
	switch string(m.Body) {
	case "asked, commit":
		return primitive.CommitMessageState
	case "asked, rollback":
		return primitive.RollbackMessageState
	}
	return primitive.UnknowState
}

func transaction(s *session) {
	s.createTopic(s.name)
	v := &verdicts{}
	var seen inbox
	p := newTransactionProducer(s, v, &seen)
	for _, body := range []string{"commit", "rollback", "asked, commit", "asked, rollback"} {
		sendHalf(p, primitive.NewMessage(s.name, []byte(body)))
	}
	for _, body := range []string{"asked, commit", "asked, rollback"} {
		until("question about "+body, func() bool { return len(withPrefix(body, v.checked.all())) > 0 })
	}
	// What is sent now comes last in its queue, whatever is there by mistake.
	marks := numbered("mark ", 8)
	s.sendAll(s.newProducer(), marks)
	seen.expect(append(marks, "commit", "asked, commit"))
}

func sendHalf(p rocketmq.TransactionProducer, message *primitive.Message) {
	unlessBusy(func() error {
		result, err := p.SendMessageInTransaction(context.Background(), message)
		if err == nil && result.Status != primitive.SendOK {
			err = fmt.Errorf("%s: send status %d", message.Body, result.Status)
		}
		return err
	})
}

func newTransactionProducer(s *session, v *verdicts, seen *inbox) rocketmq.TransactionProducer {
	instance := s.instance()
	p, err := rocketmq.NewTransactionProducer(v, append(s.producerOptions(), producer.WithInstanceName(instance))...)
	must(err)
	must(p.Start())
	s.closing = append(s.closing, p.Shutdown)
	s.announce(instance, seen.take)
	return p
}

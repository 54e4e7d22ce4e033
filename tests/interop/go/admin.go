package main

import (
	"context"

	"github.com/apache/rocketmq-client-go/v2/admin"
)

// Topics by the client's own admin: made, listed, deleted.
func topics(s *session) {
	s.createTopic(s.name)
	a := s.newAdmin()
	until("topic in the list", func() bool { return listed(s, a) })
	must(a.DeleteTopic(context.Background(), admin.WithTopicDelete(s.name), admin.WithBrokerAddrDelete(s.broker),
		admin.WithNameSrvAddr([]string{s.namesrv})))
	until("list without the topic", func() bool { return !listed(s, a) })
	// One that has not seen the topic asks the name server.
	if _, err := s.newAdmin().FetchPublishMessageQueues(context.Background(), s.name); err == nil {
		fail("there is a route of a topic that was deleted")
	}
}

func listed(s *session, a admin.Admin) bool {
	list, err := a.FetchAllTopicList(context.Background())
	must(err)
	for _, name := range list.TopicList {
		if name == s.name {
			return true
		}
	}
	return false
}

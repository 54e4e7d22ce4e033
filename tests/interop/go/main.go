// Scenarios of the genuine Go client against a broker, whoever's it is: scenarios NAMESRV RUN SCENARIO...
//
// Each prints `NAME ok` or `NAME FAILED reason`; the status is 0 when all are ok. RUN ends the names of topics and
// groups, so that a broker can be tested again. The client leaves offsets of broadcasting in $HOME/.rocketmq_client_go.
package main

import (
	"context"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"

	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/rlog"
)

var scenarios = map[string]func(*session){
	"push": push, "tags": tags, "sql92": sql92, "ordered": ordered, "broadcast": broadcast, "retry": retry, "dlq": dlq,
	"delay": delay, "batch": batch, "oneway": oneway, "async_send": asyncSend, "transaction": transaction, "pull": pull,
	"pull_from": pullFrom, "admin": topics, "request_reply": requestReply,
}

func main() {
	if len(os.Args) < 4 {
		fmt.Fprintln(os.Stderr, "usage: scenarios NAMESRV RUN SCENARIO...")
		os.Exit(2)
	}
	rlog.SetLogLevel("fatal")
	names := os.Args[3:]
	if names[0] == "all" {
		names = all()
	}
	if !play(names, os.Args[1], os.Args[2]) {
		os.Exit(1)
	}
}

// All at once.
func play(names []string, namesrv, run string) bool {
	outcomes := make(chan error)
	broker, err := findBroker(namesrv, run)
	for _, name := range names {
		s := &session{namesrv: namesrv, broker: broker, name: "go-" + name + "-" + run}
		go func(name string) {
			if err == nil {
				outcomes <- report(name, guarded(func() { s.play(name) }))
			} else {
				outcomes <- report(name, err)
			}
		}(name)
	}
	ok := true
	for range names {
		ok = <-outcomes == nil && ok
	}
	return ok
}

func all() []string {
	var names []string
	for name := range scenarios {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

var printing sync.Mutex

func report(name string, err error) error {
	printing.Lock()
	defer printing.Unlock()
	if err != nil {
		fmt.Println(name, "FAILED", strings.ReplaceAll(err.Error(), "\n", " "))
	} else {
		fmt.Println(name, "ok")
	}
	return err
}

func (s *session) play(name string) {
	scenario, known := scenarios[name]
	if !known {
		fail("no such scenario")
	}
	defer s.close()
	scenario(s)
}

func guarded(action func()) (err error) {
	defer func() {
		if panicked := recover(); panicked != nil {
			err = fmt.Errorf("%v", panicked)
		}
	}()
	action()
	return nil
}

// The admin of this client wants the broker's address; the id of a message sent to any topic tells it. A broker that has just
// started may be unknown to its name server for some seconds.
func findBroker(namesrv, run string) (address string, err error) {
	s := &session{namesrv: namesrv, name: "go-probe-" + run}
	defer s.close()
	err = guarded(func() {
		p := s.newProducer()
		var sent *primitive.SendResult
		waitFor(func() bool {
			sent, err = p.SendSync(context.Background(), primitive.NewMessage(s.name, []byte("where")))
			return err == nil
		})
		must(err)
		id, err := primitive.UnmarshalMsgID([]byte(sent.OffsetMsgID))
		must(err)
		address = fmt.Sprintf("%s:%d", id.Addr, id.Port)
	})
	return address, err
}

package main

import (
	"fmt"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
)

const patience = 100 * time.Second

// What consumers got, of whichever goroutine. A complaint is a line in it that no scenario wants.
type inbox struct {
	mutex sync.Mutex
	lines []string
}

func (i *inbox) add(line string) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.lines = append(i.lines, line)
}

func (i *inbox) take(m *primitive.MessageExt) consumer.ConsumeResult {
	i.add(string(m.Body))
	return consumer.ConsumeSuccess
}

func (i *inbox) all() []string {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	return append([]string(nil), i.lines...)
}

// Waits until so many are there and sees that they are the wanted ones, each once, in any order.
func (i *inbox) expect(wanted []string) {
	waitFor(func() bool { return len(i.all()) >= len(wanted) })
	expectSame(i.all(), wanted)
}

func expectSame(got, wanted []string) {
	if !same(got, wanted) {
		fail("got %d: %.1500q, not %d: %.1500q", len(got), sorted(got), len(wanted), sorted(wanted))
	}
}

func same(one, other []string) bool {
	return strings.Join(sorted(one), "\n") == strings.Join(sorted(other), "\n")
}

// Waits as long as patience lasts, and leaves it to the caller what that means.
func waitFor(condition func() bool) bool {
	deadline := time.Now().Add(patience)
	for !condition() {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(5 * time.Millisecond)
	}
	return true
}

func until(what string, condition func() bool) {
	if !waitFor(condition) {
		fail("no %s within %s", what, patience)
	}
}

func sorted(lines []string) []string {
	lines = append([]string(nil), lines...)
	sort.Strings(lines)
	return lines
}

func withPrefix(prefix string, lines []string) []string {
	return chosen(lines, func(line string) bool { return strings.HasPrefix(line, prefix) })
}

func without(prefix string, lines []string) []string {
	return chosen(lines, func(line string) bool { return !strings.HasPrefix(line, prefix) })
}

func chosen(lines []string, choose func(string) bool) (those []string) {
	for _, line := range lines {
		if choose(line) {
			those = append(those, line)
		}
	}
	return those
}

func numbered(prefix string, count int) []string {
	var lines []string
	for i := 0; i < count; i++ {
		lines = append(lines, fmt.Sprintf("%s%d", prefix, i))
	}
	return lines
}

// fail ends the scenario; it is for the goroutine of the scenario only.
func fail(format string, values ...interface{}) { panic(fmt.Sprintf(format, values...)) }

func must(err error) {
	if err != nil {
		panic(err)
	}
}

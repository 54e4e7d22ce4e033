// What is sent arrives as it was sent, where it is asked for.
'use strict';

const assert = require('assert');
const { Inbox, expectSame, numbered, patiently, until } = require('./inbox');

// Of two, each has queues and none has the other's.
function parted(topic, consumers) {
  const [ one, two ] = consumers.map(consumer => Array.from(consumer.processQueueTable.values())
    .map(owned => owned.messageQueue).filter(queue => queue.topic === topic).map(queue => queue.queueId));
  return one.length === 2 && two.length === 2 && one.every(id => !two.includes(id));
}

// Sends some of three kinds and then more of the first, behind the others in every queue; consumes what the expression takes.
async function selected(session, expression, takes) {
  const bodies = numbered('m', 60);
  const wanted = bodies.filter((_, i) => takes(i));
  await session.sendAll(bodies, (message, body) => {
    message.tags = tagOf(bodies.indexOf(body));
    message.properties.a = body.slice(1);
  });
  const inbox = new Inbox();
  await session.consume(expression, message => inbox.add(message));
  await inbox.expect(wanted);
}

const tagOf = i => (i >= 40 ? 'TagA' : [ 'TagA', 'TagB', 'TagC' ][i % 3]);

module.exports = {
  // Two consumers of a group share the queues; each message comes once.
  async push(session) {
    const boxes = [ new Inbox(), new Inbox() ];
    const consumers = [];
    for (const box of boxes) consumers.push(await session.consume('*', message => box.add(message)));
    await until('queues parted', () => parted(session.name, consumers));
    const bodies = numbered('m', 100);
    await session.sendAll(bodies);
    const got = () => boxes.flatMap(box => box.bodies);
    await patiently(() => got().length >= bodies.length);
    expectSame(got(), bodies);
    assert(boxes.every(box => box.bodies.length > 0), 'one got nothing');
  },

  // Bodies, keys, tags and properties come as they were sent.
  async properties(session) {
    const bodies = numbered('körper 消息 🚀 ', 20);
    const inbox = new Inbox();
    await session.consume('*', message => {
      assert.strictEqual(message.topic, session.name);
      assert.strictEqual(message.tags, 'TagÄ');
      assert.strictEqual(message.keys, 'k1 k2');
      assert.strictEqual(message.properties.colour, 'blau 青 🚀');
      inbox.add(message);
    });
    await session.sendAll(bodies, message => {
      message.tags = 'TagÄ';
      message.keys = [ 'k1', 'k2' ];
      message.properties.colour = 'blau 青 🚀';
    });
    await inbox.expect(bodies);
  },

  async tags(session) {
    await selected(session, 'TagA || TagC', i => tagOf(i) !== 'TagB');
  },

  async sql92(session) {
    const expression = { expressionType: 'SQL92', subString: '(a BETWEEN 5 AND 20 OR a > 44) AND TAGS <> \'TagB\'' };
    await selected(session, expression, i => (i >= 5 && i <= 20 || i > 44) && tagOf(i) !== 'TagB');
  },

  // Every consumer gets everything.
  async broadcast(session) {
    const boxes = [ new Inbox(), new Inbox() ];
    for (const box of boxes) await session.consume('*', message => box.add(message), { isBroadcast: true });
    const bodies = numbered('b', 20);
    await session.sendAll(bodies);
    for (const box of boxes) await box.expect(bodies);
  },

  // The client compresses what is large, and the consumer gets it so from the broker.
  async compression(session) {
    const bodies = [ 'groß '.repeat(10000), 'small' ];
    const inbox = new Inbox();
    await session.consume('*', message => {
      assert.strictEqual(message.sysFlag & 1, message.body.toString() === 'small' ? 0 : 1);
      inbox.add(message);
    });
    await session.sendAll(bodies);
    await inbox.expect(bodies);
  },
};

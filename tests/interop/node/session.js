// What a scenario has of the broker: a topic, a producer, consumers.
'use strict';

const assert = require('assert');
const { Consumer, Message, Producer } = require('ali-ons');
const { until } = require('./inbox');

const silent = { info() {}, warn() {}, error() {}, debug() {} };

module.exports = class Session {
  // This client does not hear of what changes at the broker, and looks for it rarely if not told otherwise.
  constructor(namesrv, name) {
    this.name = name;
    this.options = { nameSrv: namesrv, logger: silent, httpclient: {}, pollNameServerInteval: 1000, rebalanceInterval: 500 };
    this.clients = [];
    this.started = 0;
    this.failed = new Promise((_, reject) => { this.fail = reject; });
    this.failed.catch(() => {});
  }

  // Clients of one instance name share a connection; ours are to be strangers. Errors of connections are the client's to get
  // over; an assertion that fails in a handler ends the scenario.
  start(Client, options) {
    this.started += 1;
    const client = new Client(Object.assign({ instanceName: `${this.name}-${this.started}` }, this.options, options));
    this.clients.push(client);
    client.on('error', error => { if (error instanceof assert.AssertionError) this.fail(error); });
    return client;
  }

  async open() {
    this.producer = this.start(Producer, { producerGroup: `p-${this.name}`, sendMsgTimeout: 60000 });
    await this.producer.ready();
    await until('broker', () => this.createTopic());
    await until('route', () => this.route(this.name));
  }

  async close() {
    for (const client of this.clients.reverse()) await client.close();
  }

  // Four queues: this client makes no topic by sending to it.
  async createTopic() {
    const brokers = await this.route('TBW102');
    if (!brokers) return false;
    await this.producer._mqClient.createTopic(brokers[0].brokerAddrs[0], 'TBW102', {
      topicName: this.name, readQueueNums: 4, writeQueueNums: 4, perm: 6, topicFilterType: 'SINGLE_TAG', topicSysFlag: 0, order: false,
    }, 15000);
    return true;
  }

  async route(topic) {
    try {
      return (await this.producer._mqClient.getTopicRouteInfoFromNameServer(topic, 15000)).brokerDatas;
    } catch (_) {
      return null;
    }
  }

  // Messages of these bodies in turn; `dress` gives them more than a body and a tag.
  async sendAll(bodies, dress = () => {}) {
    for (const body of bodies) await until('turn at the broker', () => this.sent(body, dress));
  }

  // A genuine broker refuses what waited 200 ms for its turn, as things do when it has just started; nothing is stored then.
  async sent(body, dress) {
    const message = new Message(this.name, 'T', body);
    dress(message, body);
    try {
      assert.strictEqual((await this.producer.send(message)).sendStatus, 'SEND_OK');
      return true;
    } catch (error) {
      if (String(error.message).includes('broker busy')) return false;
      throw error;
    }
  }

  // A broker that is slow to hear of a group lets the client's start fail; it is the next one's turn then.
  async consume(expression, handle, more) {
    let consumer;
    await until('consumer', async () => {
      consumer = this.start(Consumer,
        Object.assign({ consumerGroup: `c-${this.name}`, consumeFromWhere: 'CONSUME_FROM_FIRST_OFFSET' }, more));
      consumer.subscribe(this.name, expression, async message => handle(message));
      return consumer.ready().then(() => true, () => this.dismiss(consumer));
    });
    return consumer;
  }

  async dismiss(client) {
    this.clients = this.clients.filter(other => other !== client);
    await client.close().catch(() => {});
    return false;
  }
};

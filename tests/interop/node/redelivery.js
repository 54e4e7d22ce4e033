// What arrives later, or again.
'use strict';

const assert = require('assert');
const { Consumer } = require('ali-ons');
const { Inbox, numbered } = require('./inbox');

const SECONDS = { 1: 1, 2: 2, 3: 5 };

module.exports = {
  // A message that was refused once comes again, counted, from its own topic, with its properties.
  async retry(session) {
    const refused = new Inbox();
    const accepted = new Inbox();
    await session.consume('*', message => {
      if (message.reconsumeTimes === 0) {
        refused.add(message);
        return Consumer.ACTION_RETRY;
      }
      assert.strictEqual(message.reconsumeTimes, 1);
      assert.strictEqual(message.topic, session.name);
      assert.strictEqual(message.properties.colour, 'blau 青');
      return accepted.add(message);
    });
    const bodies = numbered('r', 5);
    await session.sendAll(bodies, message => { message.properties.colour = 'blau 青'; });
    await accepted.expect(bodies);
    await refused.expect(bodies);
  },

  // Not before its time, and then soon. Clocks of broker and client are one; the broker may round down to its timer's tick.
  async delay(session) {
    const due = {};
    const inbox = new Inbox();
    await session.consume('*', message => {
      const late = Date.now() - due[message.body.toString()];
      assert(late >= -50 && late <= 30000, `level ${message.body} came ${late} ms after it was due`);
      inbox.add(message);
    });
    await session.sendAll(Object.keys(SECONDS), (message, level) => {
      message.delayTimeLevel = level;
      due[level] = Date.now() + SECONDS[level] * 1000;
    });
    await inbox.expect(Object.keys(SECONDS));
  },
};

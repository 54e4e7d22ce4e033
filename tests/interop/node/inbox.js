// What consumers got, and waiting for it.
'use strict';

const assert = require('assert');

const PATIENCE = 100000;

class Inbox {
  constructor() {
    this.bodies = [];
  }

  add(message) {
    this.bodies.push(message.body.toString());
  }

  // Waits until so many are there and sees that they are the wanted ones, each once, in any order.
  async expect(wanted) {
    await patiently(() => this.bodies.length >= wanted.length);
    expectSame(this.bodies, wanted);
  }
}

function expectSame(got, wanted) {
  const shown = bodies => JSON.stringify(bodies.slice().sort());
  assert(shown(got) === shown(wanted), `got ${got.length}: ${shown(got).slice(0, 1000)}, not ${wanted.length}: ${shown(wanted).slice(0, 1000)}`);
}

// Waits as long as patience lasts, and leaves it to the caller what that means.
async function patiently(condition) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const found = await condition();
    if (found || Date.now() > deadline) return found;
    await new Promise(resolve => setTimeout(resolve, 10));
  }
}

async function until(what, condition) {
  assert(await patiently(condition), `no ${what} within ${PATIENCE / 1000} s`);
}

const numbered = (prefix, count) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

module.exports = { Inbox, expectSame, numbered, patiently, until };

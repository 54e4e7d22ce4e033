// Scenarios of the genuine Node client against a broker, whoever's it is: node scenarios.js NAMESRV RUN SCENARIO...
//
// Each prints `NAME ok` or `NAME FAILED reason`; the status is 0 when all are ok. RUN ends the names of topics and
// groups, so that a broker can be tested again.
'use strict';

const Session = require('./session');

const scenarios = Object.assign({}, require('./consuming'), require('./redelivery'));

async function run(name, namesrv, suffix) {
  const session = new Session(namesrv, `node-${name}-${suffix}`);
  try {
    if (!Object.keys(scenarios).includes(name)) throw new Error('no such scenario');
    await session.open();
    await Promise.race([ scenarios[name](session), session.failed ]);
    await session.close();
    console.log(`${name} ok`);
    return true;
  } catch (error) {
    console.log(`${name} FAILED ${String(error.message || error).replace(/\s+/g, ' ').slice(0, 3000)}`);
    return false;
  }
}

async function main() {
  const [ namesrv, suffix, ...names ] = process.argv.slice(2);
  if (names.length === 0) {
    console.error('usage: node scenarios.js NAMESRV RUN SCENARIO...');
    process.exit(2);
  }
  const wanted = names[0] === 'all' ? Object.keys(scenarios) : names;
  const outcomes = await Promise.all(wanted.map(name => run(name, namesrv, suffix)));
  process.exit(outcomes.every(Boolean) ? 0 : 1);
}

main();

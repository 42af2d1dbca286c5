import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { loadConfig } from '../../src/config/load-config.js';
import { CLIENT_VARIABLES, environmentName } from '../../src/config/read-environment.js';
import { settingNames, settingPaths } from '../../src/config/validate.js';

const text = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');

/** Name, default, and variable of each row of the settings table. */
const rows = text
  .slice(text.indexOf('## Settings'), text.indexOf('What they do:'))
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
  .map(([, name, value, , variable]) => ({ name: name!, value: value!, variable: variable! }));

test('docs/configuration.md names every setting and no other', () => {
  assert.deepEqual(rows.map((row) => row.name).sort(), settingNames().sort());
});

test('docs/configuration.md names the variable of each setting', () => {
  const variables = settingPaths()
    .filter((path) => path[0] !== 'tokens')
    .map(environmentName);
  const documented = rows.map((row) => row.variable).filter((variable) => variable !== '');
  assert.deepEqual(documented.sort(), variables.sort());
});

test('docs/configuration.md gives the default of each setting', () => {
  for (const { name, value, variable } of rows) {
    // The number of cores is no text that could be set.
    if (variable === '' || name === 'workers') continue;
    assert.deepEqual(loadConfig({ env: { [variable]: value } }), loadConfig(), name);
  }
});

test('docs/configuration.md names the variables that are not settings', () => {
  for (const variable of CLIENT_VARIABLES) assert.ok(text.includes(`\`${variable}\``), variable);
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadUws } from '../../src/transport/uws-loader.js';

const candidates = [
  { name: 'newer', specifier: 'newer' },
  { name: 'older', specifier: 'older' },
];

// Bound functions print as native ones, which is how the real library's do.
const native = () => ({ App: (() => {}).bind(null), getParts: (() => {}).bind(null) });

test('the library that is installed here is the native one', () => {
  const uws = loadUws();
  assert.match(Function.prototype.toString.call(uws.App), /\[native code\]/);
  assert.equal(typeof uws.LIBUS_LISTEN_EXCLUSIVE_PORT, 'number');
});

test('the newest library whose binary loads is taken', () => {
  const newer = native();
  const older = native();
  const libraries: Record<string, unknown> = { newer, older };
  assert.equal(
    loadUws(candidates, (name) => libraries[name]),
    newer,
  );
  const onlyOlder = loadUws(candidates, (name) => {
    if (name === 'newer') throw new Error('GLIBC_2.38 not found');
    return older;
  });
  assert.equal(onlyOlder, older);
});

test('an imitation in JavaScript is refused', () => {
  const imitation = { App: () => {}, getParts: () => {} };
  assert.throws(
    () => loadUws(candidates, () => imitation),
    /newer: not the native library; older: not the native library/,
  );
});

test('when no binary loads, the failure says what to install and what was tried', () => {
  const load = (name: string): unknown => {
    throw new Error(`Cannot find module '${name}'\nRequire stack:\n- /some/file.js`);
  };
  assert.throws(
    () => loadUws(candidates, load),
    (error: Error) =>
      error.message.includes('npm install --include=optional') &&
      error.message.includes('glibc 2.34') &&
      error.message.includes(process.version) &&
      !error.message.includes('/some/file.js'),
  );
});

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRepositoryFile } from '../tidy/source-tree.js';
import { example } from './printed/sdk.js';

test('the example that opens the SDK’s page, and runs in its test, is the printed one', () => {
  const [, shown] =
    /```js\n([\s\S]*?)```/.exec(readRepositoryFile('sdk/typescript/README.md')) ?? [];
  assert.equal(shown?.trim(), example.trim());
});

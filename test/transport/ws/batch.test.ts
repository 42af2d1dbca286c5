import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toCaxtonError } from '../../../src/base/errors.js';
import { type BatchPort, sendBatch } from '../../../src/transport/ws/batch.js';

const PORT: Omit<BatchPort<unknown>, 'fail'> = {
  admit: (count) => count,
  refusal: () => new Error('not refused'),
  send: async () => ({ messageId: 'msg_1' }),
  describe: (error) => toCaxtonError(error).toBody('').error,
  answer: () => {},
};

test('a late acknowledgement that can not be written fails the batch, and nothing else', async () => {
  const reason = new Error('can not be encoded');
  const failure = new Promise((resolve) => {
    sendBatch([{}, {}], {
      ...PORT,
      answer: () => {
        throw reason;
      },
      fail: resolve,
    });
  });
  assert.equal(await failure, reason);
});

test('a refusal that can not be described fails the batch, and nothing else', async () => {
  const reason = new Error('can not be described');
  const failure = new Promise((resolve) => {
    sendBatch([{}], {
      ...PORT,
      send: () => Promise.reject(new Error('refused')),
      describe: () => {
        throw reason;
      },
      fail: resolve,
    });
  });
  assert.equal(await failure, reason);
});

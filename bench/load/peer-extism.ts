import assert from 'node:assert/strict';
import { createPlugin } from '@extism/extism';
import { compileAgent } from '../harness/agents.js';
import { SAMPLE_BODY } from '../harness/sample-message.js';
import { answerParent, keepUnderWay, type WindowTimes } from './window.js';

/** Calls of an Extism plugin in its worker; a plugin takes one call at a time. */
await answerParent(async (input: WindowTimes) => {
  const wasm = await compileAgent('extism-echo');
  const plugin = await createPlugin(new WebAssembly.Module(wasm), { runInWorker: true });
  const message = new TextEncoder().encode(SAMPLE_BODY);
  const first = await plugin.call('echo', message);
  assert.equal(first?.text(), SAMPLE_BODY);
  const result = await keepUnderWay(input, 1, (ended) => {
    void plugin.call('echo', message).then(() => ended());
  });
  await plugin.close();
  return result;
});

import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildCorpus, corpusSources } from '../../scripts/build-wasm-corpus.js';
import { findWasmClang } from '../../scripts/wasm-clang.js';
import { meterModule } from '../../src/wasm/meter.js';
import { compiledC, corpusFolder, readManifest } from './corpus.js';
import { Guest } from './guest.js';

test('the C modules of the corpus build, and do what the committed ones do', (context) => {
  const clang = findWasmClang();
  if ('missing' in clang) {
    assert.notEqual(process.env.CAXTON_REQUIRE_TOOLCHAINS, '1', clang.missing);
    context.skip(`${clang.missing}; install clang and lld to run this test`);
    return;
  }
  const source = join(corpusFolder, 'c');
  const folder = mkdtempSync(join(tmpdir(), 'caxton-corpus-'));
  context.after(() => rmSync(folder, { recursive: true }));
  buildCorpus(source, folder);
  const names = corpusSources(source);
  assert.ok(names.length >= 5);
  const manifest = readManifest();
  for (const name of names) {
    const built = new Guest(meterModule(readFileSync(join(folder, `${name}.wasm`))).bytes);
    const committed = new Guest(compiledC(name));
    for (const { call, args } of manifest[name]!.calls) {
      assert.deepEqual(built.call(call, args).result, committed.call(call, args).result, name);
    }
  }
});

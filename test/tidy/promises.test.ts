import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readRepositoryFile } from './source-tree.js';

const PAGES = ['docs/reliability.md', 'docs/security.md'];
const PROOF_HEADING = 'Proven by';
const LINK = /\[([^\]]+)\]\(\.\.\/(test\/[^)]+)\)/g;

interface Proof {
  readonly testName: string;
  readonly file: string;
}

interface Promised {
  readonly page: string;
  readonly line: string;
  readonly proofs: readonly Proof[];
}

/** Rows of the tables of a page whose last column says what proves them. */
function promisesOf(page: string): Promised[] {
  const promises: Promised[] = [];
  let inProvenTable = false;
  for (const line of readRepositoryFile(page).split('\n')) {
    if (!line.startsWith('|')) {
      inProvenTable = false;
      continue;
    }
    const lastCell = line.split('|').at(-2)!.trim();
    if (lastCell === PROOF_HEADING) inProvenTable = true;
    else if (inProvenTable && !/^-+$/.test(lastCell)) {
      const proofs = [...lastCell.matchAll(LINK)].map(([, testName, file]) => ({
        testName: testName!,
        file: file!,
      }));
      promises.push({ page, line, proofs });
    }
  }
  return promises;
}

/** Names of tests may be cut over lines, and hold quotes that are escaped. */
const plain = (text: string): string => text.replaceAll('\\', '').replace(/\s+/g, ' ');

test('each promise of the pages on reliability and security names tests that exist', () => {
  for (const page of PAGES) {
    const promises = promisesOf(page);
    assert.ok(promises.length > 20, `${page} has its tables`);
    for (const { line, proofs } of promises) {
      assert.ok(proofs.length > 0, `${page} names no test for: ${line}`);
      for (const { testName, file } of proofs) {
        const source = plain(readRepositoryFile(file));
        assert.ok(source.includes(plain(testName)), `${file} has no test "${testName}" (${page})`);
      }
    }
  }
});

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../../scripts/package-root.js';
import { allOperations } from '../../../src/api/operations.js';

const page = readFileSync(join(packageRoot(import.meta.url), 'docs/rest-api.md'), 'utf8');
const operations = allOperations();

test('docs/rest-api.md has a section for every operation, and for no other', () => {
  const sections = [...page.matchAll(/^### ([A-Z]+ \/api\S+)$/gm)].map((match) => match[1]!);
  assert.deepEqual(
    sections.sort(),
    operations.map(({ rest }) => `${rest.method} ${rest.path}`).sort(),
  );
});

test('docs/rest-api.md gives the role of every operation', () => {
  const rows = [...page.matchAll(/^\| \[`([A-Z]+ \S+)`\][^|]*\|[^|]*\| (\w+) \|$/gm)];
  assert.deepEqual(
    rows.map(([, path, role]) => `${path} ${role}`).sort(),
    operations.map(({ rest, role }) => `${rest.method} ${rest.path} ${role}`).sort(),
  );
});

test('every section of docs/rest-api.md shows the call with curl', () => {
  for (const section of page.split(/^### /m).slice(1)) {
    const [method, path] = section.split(/\s/, 2) as [string, string];
    const start = path.replace(/\{.*/, '');
    const curl = section.includes(`http://localhost:8080${start}`);
    assert.ok(curl, `${method} ${path}`);
    if (method !== 'GET') assert.ok(section.includes(`curl -X ${method} `), `${method} ${path}`);
  }
});

test('the examples of docs/rest-api.md are JSON', () => {
  const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map((match) => match[1]!);
  assert.ok(examples.length >= operations.length - 1);
  for (const example of examples) assert.doesNotThrow(() => JSON.parse(example), example);
});

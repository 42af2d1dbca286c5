import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leaks, type RestSample } from './leaks.js';

const MB = 1_000_000;

function samples(count: number, change: (index: number) => Partial<RestSample>): RestSample[] {
  return Array.from({ length: count }, (_, index) => ({
    residentBytes: 150 * MB,
    anonymousBytes: 100 * MB,
    threads: 14,
    descriptors: 37,
    folderBytes: 10 * MB,
    folderFiles: 4,
    heapBytes: 25 * MB,
    externalBytes: MB,
    agentThreads: 2,
    resources: { TCPServerWrap: 2, Timeout: index },
    atSeconds: index * 60,
    ...change(index),
  }));
}

const found = (rests: readonly RestSample[]): string[] =>
  leaks(rests)
    .filter(({ leak }) => leak !== undefined)
    .map(({ what }) => what);

test('memory that has come to rest is no leak, however much it grew before', () => {
  const rising = samples(20, (index) => ({ anonymousBytes: Math.min(100 + index * 30, 220) * MB }));
  assert.deepEqual(found(rising), []);
});

test('memory that goes on growing is a leak', () => {
  const rising = samples(20, (index) => ({ anonymousBytes: (100 + index * 10) * MB }));
  assert.deepEqual(found(rising), ['memory without files (MB)']);
});

test('one thread, one descriptor, one file or one socket more is a leak', () => {
  const last = (index: number, more: Partial<RestSample>) => (index === 2 ? more : {});
  assert.deepEqual(found(samples(3, (index) => last(index, { threads: 15 }))), ['threads']);
  assert.deepEqual(found(samples(3, (index) => last(index, { descriptors: 38 }))), [
    'file descriptors',
  ]);
  assert.deepEqual(found(samples(3, (index) => last(index, { folderFiles: 5 }))), [
    'files in the data folder',
  ]);
  const socket = { resources: { TCPServerWrap: 2, TCPSocketWrap: 1 } };
  assert.deepEqual(found(samples(3, (index) => last(index, socket))), [
    'sockets and other handles',
  ]);
});

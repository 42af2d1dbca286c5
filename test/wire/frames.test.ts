import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as frames from '../../src/wire/frames.js';

const word = fc.integer({ min: 0, max: 0xffff_ffff });
const double = fc.double({ noNaN: true });

test('the fixed part of DONE is read as it was written, at any place', () => {
  const done = fc.record({
    outcome: fc.integer({ min: 0, max: 2 }),
    slot: word,
    sequence: word,
    pauseMs: word,
    fuelUsed: double,
    handlingUs: double,
    latencyUs: double,
    memoryBytes: double,
    frameBytes: word,
    errorBytes: word,
    mark: word,
  });
  const plain = done.map((fields) => ({ ...fields }));
  fc.assert(
    fc.property(plain, fc.integer({ min: 0, max: 16 }), (written, eighths) => {
      const buffer = Buffer.alloc(frames.DONE_HEADER_BYTES + 128 + 8, 0xaa);
      const view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
      frames.writeDoneHeader(view, eighths * 8, written);
      const read = frames.emptyDoneFrame();
      frames.readDoneHeader(view, eighths * 8, read);
      assert.deepEqual(read, written);
      assert.equal(buffer[eighths * 8], frames.FRAME_DONE);
      assert.equal(buffer[eighths * 8 + frames.DONE_HEADER_BYTES], 0xaa);
    }),
  );
});

test('a header holds kind, slot, a word, a mark and a number', () => {
  fc.assert(
    fc.property(
      word,
      word,
      double,
      fc.option(word, { nil: undefined }),
      (slot, word8, double16, mark) => {
        const buffer = Buffer.alloc(frames.FRAME_HEADER_BYTES, 0xff);
        frames.writeFrameHeader(buffer, 0, frames.FRAME_SEND, slot, word8, double16, mark);
        assert.equal(buffer.readUInt32LE(0), frames.FRAME_SEND);
        assert.equal(buffer.readUInt32LE(4), slot);
        assert.equal(buffer.readUInt32LE(8), word8);
        assert.equal(buffer.readUInt32LE(12), mark ?? 0);
        assert.equal(frames.frameMark(buffer), mark ?? 0);
        assert.equal(buffer.readDoubleLE(16), double16);
      },
    ),
  );
});

test('parts of a frame begin at multiples of eight', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 30 }), (length) => {
      const padded = frames.padTo8(length);
      assert.equal(padded % 8, 0);
      assert.ok(padded >= length && padded < length + 8);
    }),
  );
});

test('no two kinds of frames, outcomes or reasons have the same number', () => {
  for (const prefix of ['FRAME_', 'OUTCOME_', 'BOUNCE_']) {
    const values = Object.entries(frames)
      .filter(([name]) => name.startsWith(prefix) && !name.endsWith('_BYTES'))
      .map(([, value]) => value);
    assert.ok(values.length >= 3);
    assert.equal(new Set(values).size, values.length);
  }
});

import { LIMITS } from '../base/limits.js';
import type { ByteReader } from './byte-reader.js';
import { type ConstantSink, readConstantExpression } from './constant-expression.js';
import { readReferenceType } from './module-types.js';
import { malformed, overLimit } from './refusal.js';

/**
 * Reads the element section and reports the functions in it. A segment's flags are three bits
 * (core specification 5.5.12): passive or declarative; with an explicit table, or declarative; and
 * expressions in place of function indexes.
 */
export function readElementSegments(reader: ByteReader, count: number, sink: ConstantSink): void {
  let total = 0;
  for (let i = 0; i < count; i++) {
    const offset = reader.position;
    const flags = reader.u32();
    if (flags > 7) throw malformed('unknown flags of an element segment', offset);
    const active = (flags & 1) === 0;
    const expressions = (flags & 4) !== 0;
    if (active && flags & 2) reader.u32();
    if (active) readConstantExpression(reader, sink);
    if (flags & 3) {
      if (expressions) readReferenceType(reader);
      else if (reader.byte() !== 0) throw malformed('unknown kind of elements', offset);
    }
    const elements = reader.u32();
    total += elements;
    if (total > LIMITS.segment_elements) {
      throw overLimit(
        'segment_elements',
        LIMITS.segment_elements,
        total,
        'too many elements in its segments',
        { offset },
      );
    }
    for (let j = 0; j < elements; j++) {
      if (expressions) readConstantExpression(reader, sink);
      else sink.functionReferenced(reader.u32());
    }
  }
}

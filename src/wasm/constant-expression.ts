import type { ByteReader } from './byte-reader.js';
import { malformed, unsupportedFeature } from './refusal.js';

/** Told of each function that a constant expression refers to. */
export interface ConstantSink {
  functionReferenced(index: number): void;
}

function readHeapType(reader: ByteReader): void {
  const offset = reader.position;
  const type = reader.byte();
  if (type !== 0x70 && type !== 0x6f) {
    throw unsupportedFeature('typed function references', 'ref.null of another type', offset);
  }
}

/**
 * Reads the initial value of a global or the offset of a segment: one constant, `global.get` or
 * reference, then `end`. More than one instruction is the extended-const proposal.
 */
export function readConstantExpression(reader: ByteReader, sink: ConstantSink): void {
  let instructions = 0;
  for (;;) {
    const offset = reader.position;
    const opcode = reader.byte();
    if (opcode === 0x0b) return;
    if (opcode === 0x6a || opcode === 0x6b || opcode === 0x6c) {
      throw unsupportedFeature('extended constant expressions', 'i32 arithmetic', offset);
    }
    if (opcode === 0x7c || opcode === 0x7d || opcode === 0x7e) {
      throw unsupportedFeature('extended constant expressions', 'i64 arithmetic', offset);
    }
    if (opcode === 0xfb) throw unsupportedFeature('garbage collection', 'a constant', offset);
    if (++instructions > 2) throw malformed('a constant expression is too long', offset);
    if (opcode === 0x41) reader.skipLeb(5);
    else if (opcode === 0x42) reader.skipLeb(10);
    else if (opcode === 0x43) reader.skip(4);
    else if (opcode === 0x44) reader.skip(8);
    else if (opcode === 0x23) reader.u32();
    else if (opcode === 0xd0) readHeapType(reader);
    else if (opcode === 0xd2) sink.functionReferenced(reader.u32());
    else if (opcode === 0xfd && reader.u32() === 12) reader.skip(16);
    else throw malformed(`opcode 0x${opcode.toString(16)} in a constant expression`, offset);
  }
}

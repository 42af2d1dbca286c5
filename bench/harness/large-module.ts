import { ByteReader } from '../../src/wasm/byte-reader.js';
import { ByteWriter } from '../../src/wasm/byte-writer.js';

const FUNCTION_SECTION = 3;
const CODE_SECTION = 10;
const HEADER_BYTES = 8;
/** Smaller ones would make more functions than a module may have. */
const BODY_BYTES_MIN = 300;

/**
 * A module of about so many bytes, made of one that a compiler wrote: its larger functions stand in
 * it many times over, so that the mix of instructions is a real one.
 */
export function enlargeModule(module: Uint8Array, bytes: number): Uint8Array<ArrayBuffer> {
  const sections = readSections(module);
  const types = readTypes(sections.get(FUNCTION_SECTION) as Uint8Array);
  const bodies = readBodies(sections.get(CODE_SECTION) as Uint8Array);
  const chosen = bodies.flatMap((body, index) => (body.length >= BODY_BYTES_MIN ? [index] : []));
  const all = types.map((type, index) => ({ type, body: bodies[index] as Uint8Array }));
  const result = [...all];
  // Each stands behind its length, of two bytes or so.
  for (let size = module.length, i = 0; size < bytes - BODY_BYTES_MIN; i++) {
    const next = all[chosen[i % chosen.length] as number] as (typeof all)[number];
    result.push(next);
    size += next.body.length + 3;
  }
  const out = new ByteWriter(bytes * 2);
  out.copy(module, 0, HEADER_BYTES);
  for (const [id, content] of sections) {
    const part = new ByteWriter(content.length);
    if (id === FUNCTION_SECTION) {
      part.u32(result.length);
      for (const { type } of result) part.u32(type);
    } else if (id === CODE_SECTION) {
      part.u32(result.length);
      for (const { body } of result) {
        part.u32(body.length);
        part.copy(body, 0, body.length);
      }
    } else part.copy(content, 0, content.length);
    out.byte(id);
    out.u32(part.length);
    const written = part.finish();
    out.copy(written, 0, written.length);
  }
  return new Uint8Array(out.finish());
}

function readSections(module: Uint8Array): Map<number, Uint8Array> {
  const reader = new ByteReader(module, HEADER_BYTES);
  const sections = new Map<number, Uint8Array>();
  while (!reader.atEnd) {
    const id = reader.byte();
    sections.set(id, take(reader, reader.u32()));
  }
  return sections;
}

function readTypes(section: Uint8Array): number[] {
  const reader = new ByteReader(section);
  return Array.from({ length: reader.u32() }, () => reader.u32());
}

function readBodies(section: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(section);
  return Array.from({ length: reader.u32() }, () => take(reader, reader.u32()));
}

function take(reader: ByteReader, bytes: number): Uint8Array {
  const start = reader.position;
  reader.skip(bytes);
  return reader.bytes.subarray(start, start + bytes);
}

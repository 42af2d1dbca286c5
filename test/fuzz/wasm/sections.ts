import { ByteReader } from '../../../src/wasm/byte-reader.js';
import { leb } from '../../wasm/binary.js';

/** A section of a module: its id and what is behind its length. */
export interface Section {
  readonly id: number;
  readonly bytes: Uint8Array;
}

const HEADER = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

/** The sections of a valid module. */
export function sectionsOf(module: Uint8Array): Section[] {
  const reader = new ByteReader(module, HEADER.length);
  const sections: Section[] = [];
  while (!reader.atEnd) {
    const id = module[reader.position]!;
    reader.skip(1);
    const length = reader.u32();
    sections.push({ id, bytes: module.subarray(reader.position, reader.position + length) });
    reader.skip(length);
  }
  return sections;
}

/** A module of these sections, each with the length that it has. */
export function moduleOfSections(sections: readonly Section[]): Buffer {
  return Buffer.concat([
    HEADER,
    ...sections.flatMap(({ id, bytes }) => [Uint8Array.of(id, ...leb(bytes.length)), bytes]),
  ]);
}

/** The entries of a code section: each function's body, without its length. */
export function bodiesOf(code: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(code, 0);
  return Array.from({ length: reader.u32() }, () => {
    const length = reader.u32();
    const start = reader.position;
    reader.skip(length);
    return code.subarray(start, start + length);
  });
}

export function codeOfBodies(bodies: readonly Uint8Array[]): Buffer {
  return Buffer.concat([
    Uint8Array.from(leb(bodies.length)),
    ...bodies.flatMap((body) => [Uint8Array.from(leb(body.length)), body]),
  ]);
}

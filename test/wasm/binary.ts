/** Puts modules together byte by byte, for what WebAssembly text can't say. */

export function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

export const vector = (items: readonly (readonly number[])[]): number[] => [
  ...leb(items.length),
  ...items.flat(),
];

export const section = (id: number, contents: readonly number[]): number[] => [
  id,
  ...leb(contents.length),
  ...contents,
];

export const moduleOf = (...sections: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> => {
  const length = sections.reduce((sum, bytes) => sum + bytes.length, 8);
  const module = new Uint8Array(length);
  module.set([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
  let at = 8;
  for (const bytes of sections) {
    module.set(bytes, at);
    at += bytes.length;
  }
  return module;
};

export const name = (text: string): number[] => [...leb(text.length), ...Buffer.from(text)];

/** A module of one function () -> (), exported as `f`, with these instructions before its `end`. */
export function functionModule(
  instructions: readonly number[],
  locals: readonly (readonly number[])[] = [],
): Uint8Array<ArrayBuffer> {
  const body = [...vector(locals), ...instructions, 0x0b];
  return moduleOf(
    section(1, vector([[0x60, 0, 0]])),
    section(3, vector([[0]])),
    section(7, vector([[...name('f'), 0, 0]])),
    section(10, vector([[...leb(body.length), ...body]])),
  );
}

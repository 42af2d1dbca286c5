import fc from 'fast-check';
import { mutated } from '../mutations.js';
import { bodiesOf, codeOfBodies, moduleOfSections, type Section, sectionsOf } from './sections.js';

const CODE = 10;
const CUSTOM = 0;

/** Instructions and types that stand for something everywhere in a module. */
const WORDS: readonly Uint8Array[] = [
  [0x00],
  [0x0b],
  [0x0f],
  [0x1a],
  [0x02, 0x40],
  [0x03, 0x40, 0x0c, 0x00, 0x0b],
  [0x04, 0x40, 0x05, 0x0b],
  [0x0d, 0x00],
  [0x0e, 0x01, 0x00, 0x00],
  [0x10, 0x00],
  [0x11, 0x00, 0x00],
  [0x12, 0x00],
  [0x14, 0x00],
  [0x20, 0x00],
  [0x23, 0x00],
  [0x24, 0x00],
  [0x28, 0x02, 0x00],
  [0x3f, 0x00],
  [0x41, 0x00],
  [0x41, 0x01, 0x40, 0x00, 0x1a],
  [0x41, 0x7f],
  [0x41, 0x00, 0x41, 0x00, 0x41, 0x7f, 0xfc, 0x0b, 0x00],
  [0x42, 0x00, 0x24, 0x00],
  [0xd0, 0x70],
  [0xfd, 0x0c],
  [0xfe, 0x10, 0x02, 0x00],
  [0x60, 0x00, 0x00],
  [0x7f],
  [0x7b],
  [0x70],
  [0x06, 0x40],
  [0x08, 0x00],
].map((bytes) => Uint8Array.from(bytes));

interface SectionEdit {
  readonly how: 'swap' | 'double' | 'drop' | 'foreign' | 'edit' | 'custom';
  readonly at: number;
  readonly other: number;
  readonly seed: number;
  readonly edited: Uint8Array;
}

const index = fc.nat({ max: 1_000 });

/** Whole sections moved, doubled, left out or taken from another module; or one of them edited. */
function sectionShuffles(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const split = seeds.map(sectionsOf);
  const contents = split.flat().filter(({ id }) => id !== CODE && id !== CUSTOM);
  const edit: fc.Arbitrary<SectionEdit> = fc.record({
    how: fc.constantFrom('swap', 'double', 'drop', 'foreign', 'edit', 'edit', 'edit', 'custom'),
    at: index,
    other: index,
    seed: index,
    edited: mutated(
      contents.map(({ bytes }) => bytes),
      { words: WORDS, maxEdits: 2 },
    ),
  });
  return fc
    .tuple(index, fc.array(edit, { minLength: 1, maxLength: 3 }))
    .map(([seed, edits]) =>
      moduleOfSections(
        edits.reduce<readonly Section[]>(
          (sections, edit) => shuffled(sections, edit, split),
          split[seed % split.length]!,
        ),
      ),
    );
}

function shuffled(
  sections: readonly Section[],
  { how, at, other, seed, edited }: SectionEdit,
  all: readonly (readonly Section[])[],
): readonly Section[] {
  const copy = [...sections];
  if (copy.length === 0) return copy;
  const place = at % copy.length;
  const section = copy[place]!;
  const foreign = all[seed % all.length]!;
  if (how === 'swap') {
    copy[place] = copy[other % copy.length]!;
    copy[other % copy.length] = section;
  } else if (how === 'double') copy.splice(other % (copy.length + 1), 0, section);
  else if (how === 'drop') copy.splice(place, 1);
  else if (how === 'foreign') copy[place] = foreign[other % foreign.length] ?? section;
  else if (how === 'edit') copy[place] = { id: section.id, bytes: edited };
  else copy.splice(place, 0, { id: CUSTOM, bytes: edited });
  return copy;
}

/** Bodies of functions edited, or exchanged, in modules that are right in all else. */
function codeEdits(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const split = seeds.map(sectionsOf).filter((all) => all.some(({ id }) => id === CODE));
  const bodies = split.map((all) => bodiesOf(all.find(({ id }) => id === CODE)!.bytes));
  const edited = mutated(bodies.flat(), { words: WORDS, maxEdits: 3 });
  return fc
    .tuple(index, fc.array(fc.tuple(index, edited), { minLength: 1, maxLength: 2 }))
    .map(([seed, edits]) => {
      const chosen = seed % split.length;
      const changed = [...bodies[chosen]!];
      for (const [at, body] of edits) changed[at % changed.length] = body;
      return moduleOfSections(
        split[chosen]!.map((section) =>
          section.id === CODE ? { id: CODE, bytes: codeOfBodies(changed) } : section,
        ),
      );
    });
}

/** Single bytes and bits of functions, which leaves them valid more often than anything else. */
function smallEdits(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(
      index,
      fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 2 }),
    )
    .map(([seed, edits]) => {
      const bytes = Uint8Array.from(seeds[seed % seeds.length]!);
      for (const [at, byte] of edits) bytes[8 + (at % (bytes.length - 8))] = byte;
      return bytes;
    });
}

/** Valid modules with something done to them: anywhere, to whole sections, or inside functions. */
export function moduleMutants(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  return fc.oneof(
    { arbitrary: mutated(seeds, { words: WORDS }), weight: 2 },
    { arbitrary: smallEdits(seeds), weight: 3 },
    { arbitrary: sectionShuffles(seeds), weight: 2 },
    { arbitrary: codeEdits(seeds), weight: 3 },
  );
}

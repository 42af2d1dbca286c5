/**
 * The communicative acts of FIPA SC00037 and the two forms of inform that FIPA SC00026 names.
 * A performative's code is its place in this list; it is stored, so the list only grows at its end.
 */
export const PERFORMATIVES = Object.freeze([
  'accept-proposal',
  'agree',
  'cancel',
  'cfp',
  'confirm',
  'disconfirm',
  'failure',
  'inform',
  'inform-if',
  'inform-ref',
  'not-understood',
  'propagate',
  'propose',
  'proxy',
  'query-if',
  'query-ref',
  'refuse',
  'reject-proposal',
  'request',
  'request-when',
  'request-whenever',
  'subscribe',
  'inform-done',
  'inform-result',
] as const);

export type Performative = (typeof PERFORMATIVES)[number];

const codes = new Map<string, number>(PERFORMATIVES.map((name, code) => [name, code]));
const codesOfSpellings = new Map<string, number>(codes);
for (const [name, code] of codes) codesOfSpellings.set(name.replaceAll('-', '_'), code);

/**
 * Reads a performative as users write it: any case, `-` or `_`.
 * @returns the canonical lower-case form, or undefined when there is no such act
 */
export function normalizePerformative(text: string): Performative | undefined {
  const code = codesOfSpellings.get(text) ?? codes.get(text.toLowerCase().replaceAll('_', '-'));
  return code === undefined ? undefined : PERFORMATIVES[code];
}

export function performativeCode(performative: Performative): number {
  return codes.get(performative) as number;
}

/** The act of a stored code, or undefined when the code is not known. */
export function performativeOfCode(code: number): Performative | undefined {
  return PERFORMATIVES[code];
}

/** Acts that end an exchange: no reply to them is expected and none is made by the server. */
export function isFinalReply(performative: Performative): boolean {
  return (
    performative === 'inform' ||
    performative === 'inform-done' ||
    performative === 'inform-result' ||
    performative === 'failure' ||
    performative === 'refuse' ||
    performative === 'not-understood'
  );
}

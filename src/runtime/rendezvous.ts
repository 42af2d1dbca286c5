import { hashText } from './conversation-births.js';

/** The one of several that a conversation belongs to, by rendezvous hashing of their numbers. */
export function heaviest<Numbered extends { readonly number: number }>(
  candidates: readonly Numbered[],
  conversationId: string,
): Numbered | undefined {
  let best: Numbered | undefined;
  let bestWeight = -1;
  for (const candidate of candidates) {
    const weight = hashText(conversationId, candidate.number);
    if (weight <= bestWeight) continue;
    best = candidate;
    bestWeight = weight;
  }
  return best;
}

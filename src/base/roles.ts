/** What a token may do, from least to most; each role may do what those before it may. */
export const ROLES = Object.freeze(['viewer', 'sender', 'operator', 'admin'] as const);

export type Role = (typeof ROLES)[number];

/** Whether `held` is `needed` or more. */
export function roleCovers(held: Role, needed: Role): boolean {
  return ROLES.indexOf(held) >= ROLES.indexOf(needed);
}

/** "Rate Limiting" of the API reference: the class of the configuration, rate and burst. */
export const rateLimits = [
  // Agent deployment
  ['deployment', '10/min', 20],
  // Message sending
  ['messages', '1000/sec', 2000],
  // Metrics queries
  ['metrics', '100/min', 200],
  // System operations
  ['system', '50/min', 100],
] as const;

export const rateLimitHeaders = {
  'X-RateLimit-Limit': 1000,
  'X-RateLimit-Remaining': 950,
  'X-RateLimit-Reset': 1642248000,
};

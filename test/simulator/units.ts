/**
 * Microseconds of the simulated clock, of which so many make a millisecond: then each is exact as a
 * double, and comparing times comes out the same however late it is.
 */
export const US_PER_MS = 1_024;

import * as limits from '../../../src/base/limits.js';

/** In the place of src/base/limits.js: tables of fixed size are small, or filling them takes most of the time. */
export const LIMITS = Object.freeze({ ...limits.LIMITS, conversation_births: 2 ** 8 });
export const { assertLimitRelations, frameBytesMax } = limits;

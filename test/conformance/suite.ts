import type { ServeProcess } from '../cli/cli-process.js';

/** What a suite is run with. */
export interface SuiteContext {
  /** Where test/conformance/run has put the suites. */
  readonly tools: string;
  /** A server with the sample agents, and nothing else to do. */
  readonly server: ServeProcess;
  /** For the suite's own files. */
  readonly folder: string;
}

/** A case that a suite counts as failed. */
export interface Finding {
  readonly name: string;
  readonly what: string;
}

export interface SuiteResult {
  readonly suite: string;
  readonly version: string;
  readonly cases: number;
  readonly findings: readonly Finding[];
}

export type Suite = (context: SuiteContext) => Promise<readonly SuiteResult[]>;

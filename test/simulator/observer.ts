import type { WorkerThread } from './worker-thread.js';

/** Sees what guests are really given, before anything of the product tells of it. */
export interface Observer {
  callBegan(thread: WorkerThread, text: string): void;
  published(thread: WorkerThread): void;
  workerDied(thread: WorkerThread, where: string): void;
}

let present: Observer | undefined;

export function observer(): Observer | undefined {
  return present;
}

export function observe(next: Observer | undefined): void {
  present = next;
}

import { type ErrorCode, type PlainError, toPlainError } from '../base/errors.js';
import type { FuelMeter } from './fuel-meter.js';
import { HostTrap } from './host-trap.js';

/** How a call into a guest went wrong. */
export interface CallFailure {
  readonly error: PlainError;
  /** The instance can't be used any more. */
  readonly trapped: boolean;
}

/**
 * What ended a call that threw.
 * @param step the export that was called
 * @param occasion for which export's sake, where that is another one
 */
export function failureOfThrown(
  thrown: unknown,
  fuel: FuelMeter,
  step: string,
  occasion: string = step,
): CallFailure {
  if (fuel.exhausted) return { error: outOfFuel(fuel.budget), trapped: true };
  const reason = trapText(thrown);
  if (reason === undefined) return { error: toPlainError(thrown), trapped: true };
  const details = { trap: reason };
  return { error: callError(step, `trapped: ${reason}`, details, occasion), trapped: true };
}

/** A step that answered with a number that means failure. */
export function failureOfCode(step: string, code: number, wanted = '0'): CallFailure {
  const details = { agent_code: code };
  const what = `returned ${code} instead of ${wanted}`;
  return { error: callError(step, what, details), trapped: false };
}

/** `caxton_alloc` answered 0. */
export function allocationRefused(bytes: number, memoryMaxBytes: number): CallFailure {
  const error: PlainError = {
    code: 'RESOURCE_LIMIT_EXCEEDED',
    message: `The agent has no memory for a message of ${bytes} bytes (caxton_alloc returned 0); its limit is ${memoryMaxBytes} bytes. Send less, or deploy it with more resources.memory.`,
    details: { resource: 'memory', limit: memoryMaxBytes, requested: bytes },
  };
  return { error, trapped: false };
}

/** The message can't be put into the agent's encoding. The agent isn't to blame and goes on. */
export function notEncodable(thrown: unknown): CallFailure {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const error: PlainError = {
    code: 'MESSAGE_DELIVERY_FAILED',
    message: `The content can't be put into the agent's encoding: ${reason}`,
    details: { field: 'content', reason },
  };
  return { error, trapped: false };
}

function outOfFuel(limit: number): PlainError {
  return {
    code: 'RESOURCE_LIMIT_EXCEEDED',
    message: `The agent used up its ${limit} units of fuel. Make the work smaller, or deploy it with a larger resources.cpu.`,
    details: { resource: 'fuel', limit },
  };
}

/** The host couldn't set up an instance: no address space or memory for it. */
export function noMemoryForInstance(memoryMaxBytes: number): CallFailure {
  const error: PlainError = {
    code: 'RESOURCE_LIMIT_EXCEEDED',
    message: 'The server has no memory left for another instance; stop agents, or add memory.',
    details: { resource: 'memory', limit: memoryMaxBytes },
  };
  return { error, trapped: true };
}

function callError(
  step: string,
  what: string,
  details: Record<string, unknown>,
  occasion = step,
): PlainError {
  const duringMessage = occasion === 'handle_message' || occasion === 'handle_timer';
  const code: ErrorCode = duringMessage ? 'MESSAGE_DELIVERY_FAILED' : 'DEPLOYMENT_FAILED';
  return { code, message: `The agent's ${step} ${what}`, details: { ...details, export: step } };
}

/** The text of a trap; undefined when the error is none of the guest's making. */
function trapText(thrown: unknown): string | undefined {
  if (thrown instanceof HostTrap || thrown instanceof WebAssembly.RuntimeError) {
    return thrown.message;
  }
  // Too deep recursion is thrown by the engine as what it is in JavaScript.
  if (thrown instanceof RangeError) return 'stack overflow: calls nest too deep';
  return undefined;
}

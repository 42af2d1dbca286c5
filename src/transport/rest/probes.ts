import type { Admission } from '../../api/api.js';
import { CaxtonError } from '../../base/errors.js';
import { authenticateRequest, HttpContext, traceparentOf } from '../http-context.js';
import type { UwsHandler } from '../uws-loader.js';
import { type AnswerForm, Exchange } from './exchange.js';
import type { RestParts } from './routes.js';

const JSON_FORM: AnswerForm<unknown> = {
  status: 200,
  contentType: 'application/json',
  toText: (output) => JSON.stringify(output),
};

const PROMETHEUS_FORM: AnswerForm<string> = {
  status: 200,
  contentType: 'text/plain; version=0.0.4; charset=utf-8',
  toText: (text) => text,
};

/** 200 as long as the process can answer at all. Needs no token: an orchestrator has none. */
export function liveness({ logger }: RestParts): UwsHandler {
  return (response) => {
    new Exchange(response, logger).settle(JSON_FORM, { status: 'ok' });
  };
}

/** 200 while the server takes messages, also where its disk doesn't, 503 while it starts or stops. Needs no token. */
export function readiness({ api, logger }: RestParts): UwsHandler {
  return (response) => {
    const exchange = new Exchange(response, logger);
    const state = api.runtime.state;
    if (state === 'ready') exchange.settle(JSON_FORM, readyState(api.runtime.trouble));
    else {
      const details = { status: state, retry_after_seconds: 1 };
      exchange.fail(new CaxtonError('UNAVAILABLE', `The server is ${state}.`, details));
    }
  };
}

function readyState(trouble: string | undefined): object {
  if (trouble === undefined) return { status: 'ready' };
  return { status: 'degraded', reason: `The store can’t write: ${trouble}` };
}

const PROMETHEUS: Admission = { name: 'metrics.prometheus', role: 'viewer', rateClass: 'metrics' };

/** The figures for Prometheus; with tokens configured they need the role viewer. */
export function prometheus({ api, logger }: RestParts): UwsHandler {
  return (response, request) => {
    const exchange = new Exchange(response, logger);
    try {
      exchange.traceparent = traceparentOf(request);
      const principal = authenticateRequest(api, request, response);
      exchange.context = new HttpContext(principal, exchange.traceparent, '');
      exchange.tellRate(principal.rates, PROMETHEUS.rateClass);
      api.admit(PROMETHEUS, principal);
      exchange.settle(PROMETHEUS_FORM, api.runtime.metrics.prometheus());
    } catch (error) {
      exchange.fail(error);
    }
  };
}

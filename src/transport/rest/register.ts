import { allOperations } from '../../api/operations.js';
import { CaxtonError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { HeldBytes } from '../held-bytes.js';
import type { UwsApp, UwsHandler } from '../uws-loader.js';
import { docsPages } from './docs-pages.js';
import { Exchange, methodNotAllowed } from './exchange.js';
import { withoutBody } from './head.js';
import { liveness, prometheus, readiness } from './probes.js';
import { type RestParts, Route, routeHandler } from './routes.js';

/** Which methods each path has, to tell an unknown path from a wrong method. */
interface KnownPath {
  readonly matches: RegExp;
  readonly methods: string[];
}

/**
 * Serves every operation of the table, the probes, the metrics page and the pages of the documentation on the app. The WebSocket
 * is registered before: what is found nowhere else ends here.
 */
export function registerRest(app: UwsApp, given: Omit<RestParts, 'bodies'>): void {
  const bodies = new HeldBytes<string>({
    totalBytes: LIMITS.held_request_bytes,
    perHolderBytes: LIMITS.held_request_bytes_per_caller,
  });
  const parts: RestParts = { ...given, bodies };
  const paths = new Map<string, KnownPath>();
  const add = (method: 'GET' | 'POST' | 'PUT' | 'DELETE', pattern: string, handler: UwsHandler) => {
    const known = paths.get(pattern) ?? { matches: matcherOf(pattern), methods: [] };
    known.methods.push(method, ...(method === 'GET' ? ['HEAD'] : []));
    paths.set(pattern, known);
    if (method === 'GET') app.get(pattern, handler).head(pattern, withoutBody(handler));
    else if (method === 'POST') app.post(pattern, handler);
    else if (method === 'PUT') app.put(pattern, handler);
    else app.del(pattern, handler);
  };
  for (const operation of allOperations()) {
    const route = new Route(operation);
    add(route.method, route.pattern, routeHandler(route, parts));
  }
  add('GET', '/healthz', liveness(parts));
  add('GET', '/readyz', readiness(parts));
  add('GET', '/metrics', prometheus(parts));
  for (const [path, handler] of docsPages(parts)) add('GET', path, handler);
  app.any('/*', unmatched([...paths.values()], parts));
}

function unmatched(paths: readonly KnownPath[], { logger }: RestParts): UwsHandler {
  return (response, request) => {
    const exchange = new Exchange(response, logger);
    const url = request.getUrl();
    const method = request.getMethod();
    const withoutBody = method === 'head';
    const methods = paths.filter(({ matches }) => matches.test(url)).flatMap((p) => p.methods);
    if (methods.length > 0) {
      exchange.fail(methodNotAllowed(method, methods), {
        status: 405,
        headers: { allow: methods.join(', ') },
        withoutBody,
      });
      return;
    }
    const error = new CaxtonError('NOT_FOUND', `There is nothing at ${url}`, { path: url });
    exchange.fail(error, { withoutBody });
  };
}

function matcherOf(pattern: string): RegExp {
  return new RegExp(`^${pattern.replace(/:\w+/g, '[^/]+')}$`);
}

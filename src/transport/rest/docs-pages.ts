import { readFileSync } from 'node:fs';
import { openApiDocument } from '../../api/openapi/document.js';
import { CaxtonError } from '../../base/errors.js';
import { packageFile } from '../../base/package-file.js';
import { statusLine } from '../http-reply.js';
import type { UwsHandler } from '../uws-loader.js';
import { CachedAnswer } from './cached-answer.js';
import { Exchange } from './exchange.js';
import type { RestParts } from './routes.js';

/** Where the build puts the files of swagger-ui-dist. */
const LIBRARY_FOLDER = ['dist', 'swagger-ui'];

// Nothing comes from elsewhere and nothing goes elsewhere; the library's icons are data: URLs.
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS = Object.freeze({
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  // Kept, and asked for anew each time: a newer server has others.
  'cache-control': 'no-cache',
});

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Caxton API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<noscript>This page needs JavaScript. The API is described by <a href="openapi.json">openapi.json</a>.</noscript>
<div id="api"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

// validatorUrl: the library would ask a site on the network what it thinks of the document.
const START = `'use strict';
SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#api',
  deepLinking: true,
  validatorUrl: null,
  queryConfigEnabled: false,
  persistAuthorization: false,
  displayRequestDuration: true,
});
`;

/**
 * The document of the API, and a page to read it and to try it with. Neither needs a token: they
 * tell what every copy of this server can do, and nothing of this one's settings, agents or
 * messages. What the page tries needs the token that its reader gives it.
 * @returns handlers of GET by their path
 */
export function docsPages(parts: RestParts): readonly (readonly [path: string, UwsHandler])[] {
  const page = (path: string, contentType: string, body: () => string | Buffer) =>
    [path, cached(parts, contentType, body)] as const;
  const needsToken = parts.api.runtime.config.tokens.length > 0;
  return [
    page('/openapi.json', 'application/json', () =>
      JSON.stringify(openApiDocument({ needsToken })),
    ),
    page('/docs', 'text/html; charset=utf-8', () => PAGE),
    // The page's addresses are relative, so that it can lie behind a proxy's prefix.
    ['/docs/', redirect('../docs')],
    page('/docs/start.js', 'text/javascript; charset=utf-8', () => START),
    page('/docs/swagger-ui.css', 'text/css; charset=utf-8', () => libraryFile('swagger-ui.css')),
    page('/docs/swagger-ui-bundle.js', 'text/javascript; charset=utf-8', () =>
      libraryFile('swagger-ui-bundle.js'),
    ),
  ];
}

/** Made when it is first asked for: most servers never are. */
function cached(
  { logger }: RestParts,
  contentType: string,
  body: () => string | Buffer,
): UwsHandler {
  let answer: CachedAnswer | undefined;
  return (response, request) => {
    try {
      answer ??= new CachedAnswer(body(), { ...HEADERS, 'content-type': contentType });
    } catch (error) {
      new Exchange(response, logger).fail(error);
      return;
    }
    answer.send(response, request);
  };
}

function redirect(location: string): UwsHandler {
  return (response) => {
    response.onAborted(() => {});
    response.writeStatus(statusLine(308)).writeHeader('location', location).endWithoutBody(0);
  };
}

/** @throws CaxtonError NOT_FOUND where the package was put together without the library */
function libraryFile(name: string): Buffer {
  const file = packageFile(...LIBRARY_FOLDER, name);
  try {
    return readFileSync(file);
  } catch (error) {
    const message = `${name} of the documentation page is missing; npm run build puts it in its place. The API is described by /openapi.json.`;
    throw new CaxtonError(
      'NOT_FOUND',
      message,
      { file: [...LIBRARY_FOLDER, name].join('/') },
      error,
    );
  }
}

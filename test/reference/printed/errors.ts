/** "Error Responses" and "Error Codes" of the API reference. */

export const errorResponse = {
  error: {
    code: 'AGENT_NOT_FOUND',
    message: "Agent with ID 'agent_999' not found",
    details: {
      agent_id: 'agent_999',
      searched_at: '2024-01-15T10:30:00Z',
    },
    trace_id: 'trace_abc123',
  },
};

/** Code, HTTP status, description. */
export const errorCodes = [
  ['AGENT_NOT_FOUND', 404, 'Agent does not exist'],
  ['AGENT_ALREADY_EXISTS', 409, 'Agent name already in use'],
  ['INVALID_WASM', 400, 'Invalid WebAssembly module'],
  ['RESOURCE_LIMIT_EXCEEDED', 429, 'Resource limits exceeded'],
  ['DEPLOYMENT_FAILED', 500, 'Deployment operation failed'],
  ['MESSAGE_DELIVERY_FAILED', 500, 'Message could not be delivered'],
  ['UNAUTHORIZED', 401, 'Authentication required'],
  ['FORBIDDEN', 403, 'Operation not permitted'],
  ['RATE_LIMITED', 429, 'Rate limit exceeded'],
  ['INTERNAL_ERROR', 500, 'Internal server error'],
] as const;

export type PrintedCode = (typeof errorCodes)[number][0];

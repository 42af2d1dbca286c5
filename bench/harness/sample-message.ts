/** The message of the API reference, as one line: 177 bytes. */
export const SAMPLE_BODY = JSON.stringify({
  performative: 'request',
  sender: 'client_001',
  receiver: 'agent_123',
  content: { action: 'process', data: { key: 'value' } },
  conversation_id: 'conv_789',
  reply_with: 'msg_001',
});

export const SAMPLE_BYTES = SAMPLE_BODY.length;

/** The name of the agent that the message goes to; others of this length leave its size the same. */
export const SAMPLE_RECEIVER = 'agent-123';

type Fields = Readonly<Record<string, unknown>>;

/** The message to another receiver, with other fields where any are given. */
export function sampleMessage(receiver: string, fields: Fields = {}): Fields {
  return { ...(JSON.parse(SAMPLE_BODY) as Fields), receiver, ...fields };
}

/**
 * The message as callers who wait send it, in as many bytes: the server gives each a conversation
 * and a `reply_with` of its own, as an answer to one must not be taken for that to another.
 */
export function askingMessage(receiver: string): Fields {
  const ours = { conversation_id: undefined, reply_with: undefined };
  const bare = sampleMessage(receiver, ours);
  const missing = JSON.stringify(sampleMessage(receiver)).length - JSON.stringify(bare).length;
  return sampleMessage(receiver, { ...ours, content: contentOf(missing) });
}

/** The sample's content with so many bytes more. */
function contentOf(moreBytes: number): Fields {
  return { action: 'process', data: { key: `value${'.'.repeat(moreBytes)}` } };
}

/** A message whose content is so many bytes of JSON. */
export function messageOfContent(receiver: string, contentBytes: number): Fields {
  const empty = { action: 'process', data: '' };
  const data = 'x'.repeat(Math.max(0, contentBytes - JSON.stringify(empty).length));
  return sampleMessage(receiver, { content: { ...empty, data } });
}

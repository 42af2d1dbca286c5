/** The message of the API reference, as one line. */
export const SAMPLE_BODY = JSON.stringify({
  performative: 'request',
  sender: 'client_001',
  receiver: 'agent_123',
  content: { action: 'process', data: { key: 'value' } },
  conversation_id: 'conv_789',
  reply_with: 'msg_001',
});

/** The same message to another receiver, without the fields that the server fills in itself. */
export function sampleFor(receiver: string): string {
  const { conversation_id: _, reply_with: __, ...rest } = JSON.parse(SAMPLE_BODY);
  return JSON.stringify({ ...rest, receiver });
}

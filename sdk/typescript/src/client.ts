import type { CallLimits } from './deadline.js';
import { EventApi } from './event-api.js';
import { everyItem } from './every-item.js';
import { FastChannel, type FastOptions } from './fast-channel.js';
import type { CallOptions } from './http-caller.js';
import type { OperationTypes } from './operation-table.js';
import type * as types from './operation-types.js';
import { whenOver } from './when-over.js';

type Input<Name extends keyof OperationTypes, Parameter extends string = never> = Omit<
  OperationTypes[Name]['input'],
  Parameter
>;
type Answer<Name extends keyof OperationTypes> = Promise<OperationTypes[Name]['output']>;

/** What a wait for an answer may take beyond the time that the server waits. */
const WAIT_MARGIN_MS = 10_000;
const WAIT_DEFAULT_MS = 30_000;
const BID_WAIT_DEFAULT_MS = 30_000;
const TASK_ENDS: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled']);
const DEPLOYMENT_ENDS: ReadonlySet<string> = new Set(['completed', 'rolled_back', 'failed']);

/** An agent that was deployed; `id` is its `agent_id`. */
export type DeployedAgent = types.DeployAgentOutput & { readonly id: string };

type Listed<Name extends keyof OperationTypes, Field extends keyof OperationTypes[Name]['output']> =
  OperationTypes[Name]['output'][Field] extends ReadonlyArray<infer Item>
    ? AsyncGenerator<Item, void, undefined>
    : never;

/** A message that was answered, as it is when a send waits. */
export type RepliedMessage = types.SendMessageOutput & { readonly reply: types.Message };

/**
 * A client of one server. Each method is an operation of the server's table, with the fields that
 * docs/rest-api.md tells of, and rejects with a CaxtonError. Ids of agents may be their names.
 */
export class CaxtonClient extends EventApi {
  readonly #channels = new Set<FastChannel>();

  /** Deploys an agent; resolves when it runs. Repeated safely: no second agent is made. */
  async deployAgent(input: types.DeployAgentInput, options?: CallOptions): Promise<DeployedAgent> {
    const agent = await this.caller.call('deployAgent', input, options);
    return { ...agent, id: agent.agent_id };
  }

  /** Agents, oldest first. */
  listAgents(input: Input<'listAgents'> = {}, options?: CallOptions): Answer<'listAgents'> {
    return this.caller.call('listAgents', input, options);
  }

  getAgent(agent_id: string, options?: CallOptions): Answer<'getAgent'> {
    return this.caller.call('getAgent', { agent_id }, options);
  }

  /** Drains the agent's mailbox within the grace period, then ends it. */
  stopAgent(
    agent_id: string,
    input: Input<'stopAgent', 'agent_id'> = {},
    options?: CallOptions,
  ): Answer<'stopAgent'> {
    return this.caller.call('stopAgent', { ...input, agent_id }, options);
  }

  /** Starts an agent that is stopped or failed. */
  startAgent(agent_id: string, options?: CallOptions): Answer<'startAgent'> {
    return this.caller.call('startAgent', { agent_id }, options);
  }

  /** Removes an agent with its stored data. */
  removeAgent(agent_id: string, options?: CallOptions): Answer<'removeAgent'> {
    return this.caller.call('removeAgent', { agent_id }, options);
  }

  /** The last lines that an agent logged. */
  agentLogs(
    agent_id: string,
    input: Input<'agentLogs', 'agent_id'> = {},
    options?: CallOptions,
  ): Answer<'agentLogs'> {
    return this.caller.call('agentLogs', { ...input, agent_id }, options);
  }

  /** Replaces an agent's code or configuration by a deployment that it begins. */
  updateAgent(
    agent_id: string,
    input: Input<'updateAgent', 'agent_id'>,
    options?: CallOptions,
  ): Answer<'updateAgent'> {
    return this.caller.call('updateAgent', { ...input, agent_id }, options);
  }

  /** Replaces an agent's code without downtime. */
  reloadAgent(
    agent_id: string,
    input: Input<'reloadAgent', 'agent_id'>,
    options?: CallOptions,
  ): Answer<'reloadAgent'> {
    return this.caller.call('reloadAgent', { ...input, agent_id }, options);
  }

  /** What agents offer. */
  listCapabilities(
    input: Input<'listCapabilities'> = {},
    options?: CallOptions,
  ): Answer<'listCapabilities'> {
    return this.caller.call('listCapabilities', input, options);
  }

  /**
   * Sends a message; with `wait: true`, resolves with the reply. Repeated safely: the message is
   * sent once.
   */
  sendMessage(
    input: types.SendMessageInput & { readonly wait: true },
    options?: CallOptions,
  ): Promise<RepliedMessage>;
  sendMessage(input: types.SendMessageInput, options?: CallOptions): Answer<'sendMessage'>;
  sendMessage(input: types.SendMessageInput, options?: CallOptions): Answer<'sendMessage'> {
    const wait_ms = input.wait
      ? (input.timeout_ms ?? input.options?.timeout_ms ?? WAIT_DEFAULT_MS)
      : 0;
    const given = input.options?.idempotency_key;
    const keyed = given === undefined ? options : { idempotencyKey: given, ...options };
    return this.caller.call('sendMessage', input, this.#allowing(wait_ms, keyed));
  }

  /** Sends a message and resolves with the reply. */
  async sendMessageAndWait(
    input: Omit<types.SendMessageInput, 'wait'>,
    options?: CallOptions,
  ): Promise<types.Message> {
    const { reply } = await this.sendMessage({ ...input, wait: true }, options);
    return reply;
  }

  /** A page of the history. */
  listMessages(input: Input<'listMessages'> = {}, options?: CallOptions): Answer<'listMessages'> {
    return this.caller.call('listMessages', input, options);
  }

  getMessage(message_id: string, options?: CallOptions): Answer<'getMessage'> {
    return this.caller.call('getMessage', { message_id }, options);
  }

  /** Participants, protocol, state and messages of a conversation. */
  getConversation(
    conversation_id: string,
    input: Input<'getConversation', 'conversation_id'> = {},
    options?: CallOptions,
  ): Answer<'getConversation'> {
    return this.caller.call('getConversation', { ...input, conversation_id }, options);
  }

  /** Messages that agents failed, newest first. */
  listDeadLetters(
    input: Input<'listDeadLetters'> = {},
    options?: CallOptions,
  ): Answer<'listDeadLetters'> {
    return this.caller.call('listDeadLetters', input, options);
  }

  /** Puts a dead letter into its agent's mailbox once more. */
  retryDeadLetter(message_id: string, options?: CallOptions): Answer<'retryDeadLetter'> {
    return this.caller.call('retryDeadLetter', { message_id }, options);
  }

  systemMetrics(options?: CallOptions): Answer<'systemMetrics'> {
    return this.caller.call('systemMetrics', {}, options);
  }

  /** The figures as text for Prometheus, all of them. */
  prometheusMetrics(options?: CallOptions): Promise<string> {
    return this.caller.getText('/metrics', options);
  }

  agentMetrics(
    agent_id: string,
    input: Input<'agentMetrics', 'agent_id'> = {},
    options?: CallOptions,
  ): Answer<'agentMetrics'> {
    return this.caller.call('agentMetrics', { ...input, agent_id }, options);
  }

  /** Version, age and size of the server. */
  systemStatus(options?: CallOptions): Answer<'systemStatus'> {
    return this.caller.call('systemStatus', {}, options);
  }

  /** Begins to replace the version of an agent by a strategy. */
  createDeployment(
    input: types.CreateDeploymentInput,
    options?: CallOptions,
  ): Answer<'createDeployment'> {
    return this.caller.call('createDeployment', input, options);
  }

  /** A deployment or hot reload: its stage, and the figures of the new version. */
  getDeployment(deployment_id: string, options?: CallOptions): Answer<'getDeployment'> {
    return this.caller.call('getDeployment', { deployment_id }, options);
  }

  rollbackDeployment(
    deployment_id: string,
    input: Input<'rollbackDeployment', 'deployment_id'> = {},
    options?: CallOptions,
  ): Answer<'rollbackDeployment'> {
    return this.caller.call('rollbackDeployment', { ...input, deployment_id }, options);
  }

  /** Deployments and hot reloads, newest first. */
  listDeployments(
    input: Input<'listDeployments'> = {},
    options?: CallOptions,
  ): Answer<'listDeployments'> {
    return this.caller.call('listDeployments', input, options);
  }

  createTask(input: types.CreateTaskInput, options?: CallOptions): Answer<'createTask'> {
    return this.caller.call('createTask', input, options);
  }

  /** Tasks, newest first. */
  listTasks(input: Input<'listTasks'> = {}, options?: CallOptions): Answer<'listTasks'> {
    return this.caller.call('listTasks', input, options);
  }

  getTask(task_id: string, options?: CallOptions): Answer<'getTask'> {
    return this.caller.call('getTask', { task_id }, options);
  }

  /** Gives a task to the best bid; resolves when it is awarded. */
  distributeTask(
    task_id: string,
    input: Input<'distributeTask', 'task_id'> = {},
    options?: CallOptions,
  ): Answer<'distributeTask'> {
    const { max_wait_seconds: wait_s } = input;
    const wait_ms = wait_s === undefined ? BID_WAIT_DEFAULT_MS : wait_s * 1_000;
    return this.caller.call(
      'distributeTask',
      { ...input, task_id },
      this.#allowing(wait_ms, options),
    );
  }

  cancelTask(
    task_id: string,
    input: Input<'cancelTask', 'task_id'> = {},
    options?: CallOptions,
  ): Answer<'cancelTask'> {
    return this.caller.call('cancelTask', { ...input, task_id }, options);
  }

  /** Resolves with a task when it is completed, failed or cancelled. */
  waitForTask(task_id: string, limits: CallLimits = {}): Promise<types.Task> {
    return whenOver(
      {
        what: 'The task',
        watch: (stir, signal) => [
          this.subscribe(
            { events: ['task.completed', 'task.failed', 'task.cancelled'] },
            (event) => event.task_id === task_id && stir(),
            { signal },
          ),
          this.on('gap', stir),
        ],
        look: (signal) => this.getTask(task_id, { signal }),
        isOver: ({ status }) => TASK_ENDS.has(status),
      },
      limits,
    );
  }

  /** Resolves with a deployment or hot reload when it is completed, rolled back or failed. */
  waitForDeployment(deployment_id: string, limits: CallLimits = {}): Promise<types.Deployment> {
    return whenOver(
      {
        what: 'The deployment',
        watch: (stir, signal) => [
          this.subscribe(
            { events: ['deployment.completed', 'deployment.rolled_back', 'deployment.failed'] },
            (event) => event.deployment_id === deployment_id && stir(),
            { signal },
          ),
          this.on('gap', stir),
        ],
        look: (signal) => this.getDeployment(deployment_id, { signal }),
        isOver: ({ status }) => DEPLOYMENT_ENDS.has(status),
      },
      limits,
    );
  }

  /** All agents, page by page. */
  agents(
    input: Input<'listAgents', 'offset'> = {},
    options?: CallOptions,
  ): Listed<'listAgents', 'agents'> {
    const ask = (place: object) => this.listAgents({ ...input, ...place }, options);
    return everyItem(ask, ({ agents }) => agents);
  }

  /** All messages of the history that fit, page by page. */
  messages(
    input: Input<'listMessages', 'cursor'> = {},
    options?: CallOptions,
  ): Listed<'listMessages', 'messages'> {
    const ask = (place: object) => this.listMessages({ ...input, ...place }, options);
    return everyItem(ask, ({ messages }) => messages);
  }

  /** All tasks, page by page. */
  tasks(
    input: Input<'listTasks', 'cursor'> = {},
    options?: CallOptions,
  ): Listed<'listTasks', 'tasks'> {
    const ask = (place: object) => this.listTasks({ ...input, ...place }, options);
    return everyItem(ask, ({ tasks }) => tasks);
  }

  /** All deployments and hot reloads, page by page. */
  deployments(
    input: Input<'listDeployments', 'offset'> = {},
    options?: CallOptions,
  ): Listed<'listDeployments', 'deployments'> {
    const ask = (place: object) => this.listDeployments({ ...input, ...place }, options);
    return everyItem(ask, ({ deployments }) => deployments);
  }

  /** All dead letters, page by page. */
  deadLetters(
    input: Input<'listDeadLetters', 'cursor'> = {},
    options?: CallOptions,
  ): Listed<'listDeadLetters', 'dead_letters'> {
    const ask = (place: object) => this.listDeadLetters({ ...input, ...place }, options);
    return everyItem(ask, ({ dead_letters }) => dead_letters);
  }

  /** Opens a channel for many messages, with a WebSocket of its own; close it when done. */
  fast(options: FastOptions = {}): FastChannel {
    const channel: FastChannel = new FastChannel(this.settings, options, this.mayConnect, () =>
      this.#channels.delete(channel),
    );
    this.#channels.add(channel);
    return channel;
  }

  /** Ends subscriptions and fast channels, which keep a process of Node.js alive. */
  override close(): void {
    super.close();
    for (const channel of [...this.#channels]) channel.abort();
  }

  /** The time allowed for a call during which the server waits for something. */
  #allowing(wait_ms: number, options: CallOptions = {}): CallOptions {
    const timeoutMs = Math.max(this.settings.timeoutMs, wait_ms + WAIT_MARGIN_MS);
    return wait_ms === 0 ? options : { timeoutMs, ...options };
  }
}

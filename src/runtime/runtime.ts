import { LIMITS } from '../base/limits.js';
import type { Logger } from '../base/log.js';
import type { Config } from '../config/schema.js';
import type { Message } from '../fipa/message.js';
import { PreparePool } from '../pool/prepare-pool.js';
import { WorkerPool } from '../pool/worker-pool.js';
import type { HistoryPage, HistoryQuery, Store } from '../store/store.js';
import { Agent } from './agent.js';
import { AgentActivity } from './agent-activity.js';
import { AgentSubscriptions } from './agent-subscriptions.js';
import { AgentTimers } from './agent-timers.js';
import { Agents } from './agents.js';
import { readingsOf } from './alert-readings.js';
import { Alerts } from './alerts.js';
import { Backlog } from './backlog.js';
import { recallBirths } from './birth-recall.js';
import { Clients } from './clients.js';
import { ConversationBirths } from './conversation-births.js';
import { ConversationViews } from './conversation-views.js';
import { Conversations } from './conversations.js';
import { Counters } from './counters.js';
import { DataReplicas } from './data-replicas.js';
import { DeadLetters } from './dead-letters.js';
import { Delivery } from './delivery.js';
import { Deployments } from './deploy/deployments.js';
import { Updates } from './deploy/updates.js';
import { type CapabilityPage, Directory } from './directory.js';
import { EventStreams } from './event-streams.js';
import { EventBus } from './events.js';
import { HopLimit } from './hop-limit.js';
import { Inboxes } from './inboxes.js';
import { Launcher } from './launcher.js';
import { Lifecycle } from './lifecycle.js';
import { messageLagMs } from './message-lag.js';
import { Messages, stoppedBeforeAnswer } from './messages.js';
import { RuntimeMetrics } from './metrics.js';
import { Modules } from './modules.js';
import { Pending } from './pending.js';
import { Recovery } from './recovery.js';
import { Redelivery } from './redelivery.js';
import { Replies } from './replies.js';
import { Residents } from './residents.js';
import { Retirement } from './retirement.js';
import { Router } from './router.js';
import { keepWaiting } from './shutdown.js';
import { Supervisor } from './supervisor.js';
import { Tasks } from './tasks/tasks.js';
import { Versions } from './versions.js';
import { Waiters } from './waiters.js';
import { Watchdog } from './watchdog.js';

/** Everything between the API and the workers, built and wired once. */
export class Runtime {
  readonly config: Config;
  readonly agents: Agents;
  readonly clients = new Clients(LIMITS.known_clients);
  readonly conversations: ConversationViews;
  readonly deadLetters: DeadLetters;
  readonly deployments: Deployments;
  readonly events: EventBus;
  readonly eventStreams: EventStreams;
  readonly messages: Messages;
  readonly metrics: RuntimeMetrics;
  readonly updates: Updates;
  readonly #conversations: Conversations;
  readonly tasks: Tasks;
  readonly inboxes = new Inboxes();
  readonly #backlog: Backlog;
  readonly #births = new ConversationBirths();
  readonly #alerts: Alerts;
  readonly #directory: Directory;
  readonly #modules: Modules;
  readonly #pending: Pending;
  readonly #pool: WorkerPool;
  readonly #preparePool = new PreparePool();
  readonly #retirement: Retirement;
  readonly #redelivery: Redelivery;
  readonly #logger: Logger;
  readonly #store: Store;
  readonly #supervisor: Supervisor;
  readonly #waiters = new Waiters();
  readonly #watchdog: Watchdog;
  #state: 'starting' | 'ready' | 'stopping' = 'starting';

  constructor(config: Config, store: Store, logger: Logger) {
    this.config = config;
    this.#logger = logger;
    this.#store = store;
    this.#backlog = new Backlog(logger);
    this.#pending = new Pending(store.pending, this.#backlog);
    const counters = new Counters();
    const residents = new Residents();
    const replicas = new DataReplicas(store);
    const nameOf = (agentId: string): string | undefined => this.#directory.nameOf(agentId);
    const subscriptions = new AgentSubscriptions(nameOf);
    this.#directory = new Directory((changes) => {
      for (const channel of this.#pool.channels) channel.updateDirectory(changes);
    });
    this.events = new EventBus(nameOf);
    this.eventStreams = new EventStreams({
      bus: this.events,
      store,
      history: config.history,
      nameOf,
      idOf: (name) => this.#idOf(name),
      lagMs: () => messageLagMs(this.#directory.agents()),
    });
    const delivery = new Delivery(() => this.#pool.expectReplies());
    const lifecycle = new Lifecycle(store, this.events);
    this.#conversations = new Conversations({
      protocols: config.protocols,
      events: this.events,
      violated: () => counters.violations++,
      resolveName: (name) => this.#idOf(name),
      reportFailure: (from, original, error) => {
        // Inboxes are the server's own: who has one looks at the clock himself.
        if (!this.inboxes.has(original.sender)) router.reportFailure(from, original, error);
      },
    });
    this.conversations = new ConversationViews(this.#conversations, store);
    const births = this.#births;
    const hopLimit = new HopLimit(config.limits.hops, this.events);
    const router = new Router({
      backlog: this.#backlog,
      births,
      directory: this.#directory,
      delivery,
      clients: this.clients,
      waiters: this.#waiters,
      events: this.events,
      subscriptions,
      counters,
      store,
      conversations: this.#conversations,
      hopLimit,
      inboxes: this.inboxes,
      pending: this.#pending,
    });
    const recovery = new Recovery({
      agents: () => this.agents,
      counters,
      delivery,
      deliveryTries: config.supervision.delivery_tries,
      logger,
      residents,
      router,
      supervisor: () => this.#supervisor,
    });
    this.#supervisor = new Supervisor(recovery);
    const replies = new Replies({
      backlog: this.#backlog,
      counters,
      delivery,
      directory: this.#directory,
      hopLimit,
      logger,
      pending: this.#pending,
      replicas,
      residents,
      router,
      store,
      subscriptions,
      timers: new AgentTimers(delivery),
      trapped: (instance, error) => this.#supervisor.trapped(instance, error),
    });
    this.#pool = new WorkerPool(
      {
        workers: config.workers,
        ringBytes: config.limits.ring_bytes,
        contentBytes: config.limits.content_bytes,
        logger,
      },
      {
        ready: () => replies.ready(),
        frame: (channel, source, offset, length) => replies.frame(channel, source, offset, length),
        workerDied: (channel, leftovers) => recovery.workerDied(channel, leftovers),
        workerReplaced: (channel) => {
          channel.updateDirectory(this.#directory.everything());
          recovery.workerReplaced();
        },
      },
    );
    this.#watchdog = new Watchdog(this.#pool, residents, recovery, logger);
    const activity = new AgentActivity();
    this.metrics = new RuntimeMetrics({
      activity,
      counters,
      directory: this.#directory,
      store,
      channels: () => this.#pool.channels,
      state: () => this.#state,
      gauges: () => ({
        deploymentsUnderWay: this.deployments.underWay,
        tasks: this.tasks.countByStatus(),
        conversationsTracked: this.#conversations.tracked,
        repliesAwaited: this.#conversations.awaited,
        waitingCallers: this.#waiters.size,
        eventSubscriptions: this.events.subscriptions,
        agentSubscriptions: subscriptions.size,
      }),
    });
    this.#alerts = new Alerts(
      this.events,
      config.alerts,
      readingsOf({ counters, directory: this.#directory, store }),
    );
    const launcher = new Launcher({
      replicas,
      delivery,
      residents,
      router,
      subscriptions,
      supervisor: this.#supervisor,
      channels: () => this.#pool.channels,
      spawned: (durationUs) => counters.spawned(durationUs),
    });
    const modules = new Modules(store, this.#preparePool);
    this.#modules = modules;
    this.agents = new Agents({
      config,
      logger,
      store,
      modules,
      directory: this.#directory,
      delivery,
      events: this.events,
      lifecycle,
      residents,
      launcher,
      interrupted: (agent, reason) => this.deployments.versionFailed(agent.id, reason),
      removed: (agent) => this.deployments.agentRemoved(agent.id),
      newAgent: (identity) => new Agent(identity, config.limits.mailbox_bytes, activity),
      subscriptions,
    });
    this.#retirement = new Retirement({
      launcher,
      logger,
      modules,
      lingerMs: config.deployments.linger_ms,
    });
    const versions = new Versions({
      births,
      delivery,
      directory: this.#directory,
      launcher,
      modules,
      retirement: this.#retirement,
      store,
      failed: (agentId, error) => this.deployments.versionFailed(agentId, error),
    });
    this.deployments = new Deployments({
      store,
      logger,
      publish: (type, body) => this.events.publish(type, body),
      ended: (state) => counters.deploymentEnded(state.status),
      versionControlFor: (agentId, plan, resumed) => versions.controlFor(agentId, plan, resumed),
    });
    this.updates = new Updates(this.deployments, versions);
    this.messages = new Messages({
      router,
      waiters: this.#waiters,
      clients: this.clients,
      directory: this.#directory,
      store,
      inboxes: this.inboxes,
      historyEnabled: config.history.enabled,
    });
    this.#redelivery = new Redelivery({
      clients: this.clients,
      directory: this.#directory,
      inboxes: this.inboxes,
      logger,
      pending: this.#pending,
      router,
      store,
    });
    this.deadLetters = new DeadLetters(store, router, this.#directory);
    this.tasks = new Tasks({
      clients: this.clients,
      directory: this.#directory,
      events: this.events,
      inboxes: this.inboxes,
      logger,
      router,
      store,
      contentBytes: config.limits.content_bytes,
    });
  }

  get state(): 'starting' | 'ready' | 'stopping' {
    return this.#state;
  }

  /** Why the store can't write; undefined while it can. Messages are taken all the same. */
  get trouble(): string | undefined {
    return this.#store.trouble;
  }

  /** For a transport that hands over many messages at once: see WorkerPool.takeReplies. */
  takeReplies(): void {
    this.#pool.takeReplies();
  }

  /**
   * Whether the history has room for so many messages, of so many bytes together in their binary
   * form; where they are more than it ever has room for, for as many as that.
   */
  historyHasRoom(bytes: number, messages: number): boolean {
    const bound = Math.min(bytes, this.#store.roomBytesMax);
    return this.#store.hasRoom(Math.ceil(bound / messages), messages);
  }

  /** Starts the workers and brings back the agents of the store. */
  async start(): Promise<void> {
    await this.#pool.start();
    this.#watchdog.start();
    this.metrics.start();
    this.#alerts.start();
    this.tasks.restore();
    const known = () => this.#recallConversations().then(() => this.#redelivery.run());
    await this.agents.restore(known);
    this.deployments.resume();
    // Those that neither an agent nor a deployment uses.
    this.#modules.sweep();
    this.tasks.start();
    this.#state = 'ready';
  }

  /** Where conversations belong whose agents have a deployment under way. */
  async #recallConversations(): Promise<void> {
    const sharesMs = this.deployments
      .restore()
      .flatMap(({ status, shares }) => (status === 'in_progress' && shares?.[0]?.sinceMs) || []);
    if (sharesMs.length === 0) return;
    // Those that were silent for longer were over when the first of these deployments began.
    const sinceMs = Math.min(...sharesMs) - this.config.deployments.linger_ms;
    await recallBirths(this.#births, this.#store, this.#directory, sinceMs, this.#logger);
  }

  /**
   * A query for one end also makes that name known as a client, which polls for its messages.
   * @param mayPoll whether whoever asks may make names known
   */
  history(query: HistoryQuery, mayPoll = true): Promise<HistoryPage> {
    for (const name of mayPoll ? [query.agent, query.receiver] : []) {
      if (name !== undefined && this.#directory.find(name) === undefined) this.clients.see(name);
    }
    const idOf = (name: string | undefined) => name && this.#idOf(name);
    return this.#store.history({
      ...query,
      agent: idOf(query.agent),
      sender: idOf(query.sender),
      receiver: idOf(query.receiver),
    });
  }

  /**
   * What agents offer, whether they run or not.
   * @param wanted whose offers count; default: everybody's
   */
  capabilities(
    offset: number,
    limit: number,
    wanted?: (agentId: string) => boolean,
  ): CapabilityPage {
    return this.#directory.capabilities(offset, limit, wanted);
  }

  message(messageId: string): Promise<Message | undefined> {
    return this.#store.message(messageId);
  }

  /**
   * Lets what waits in mailboxes be handled and the agents shut down, both within bounds, then ends
   * everything but the store, which belongs to the caller.
   */
  async stop(): Promise<void> {
    this.#state = 'stopping';
    this.messages.close();
    this.deployments.stop();
    this.#retirement.stop();
    this.tasks.stop();
    this.#supervisor.stop();
    await this.agents.shutDownAll(LIMITS.shutdown_drain_ms);
    this.#backlog.close();
    this.#watchdog.stop();
    this.metrics.stop();
    this.#alerts.stop();
    this.#waiters.rejectAll(stoppedBeforeAnswer());
    await this.#pool.close();
    // The workers are gone, and some may have left messages unhandled.
    keepWaiting([...this.#directory.agents()], this.#pending);
    this.#conversations.stop();
    await this.#preparePool.close();
  }

  #idOf(name: string): string {
    return this.#directory.find(name)?.id ?? name;
  }
}

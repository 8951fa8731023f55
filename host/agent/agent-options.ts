// The options of an agent.

import type { HooksSetting } from '../capture/hooks.ts';
import type { CaptureSizes } from '../capture/native.ts';
import type { CaptureSettings } from '../captures/captures.ts';
import type { IdleWorker } from '../engine/host/idle-worker.ts';
import type { EngineError } from '../engine/messages/engine-error.ts';
import type { HoldLimits, RuleMatching } from '../engine/messages/protocol.ts';
import type { RuntimePlaces } from '../metadata/directory/runtime-places.ts';
import type { KubernetesPlace } from '../metadata/kubernetes/connection.ts';
import type { NameLookup } from '../metadata/name-resolver.ts';
import type { AlertExtras } from '../outputs/additions.ts';
import type { Output } from '../outputs/output.ts';
import type { ReplayReport } from '../recording/replay.ts';
import type { FindsPods } from '../responses/pods/requested-pods.ts';
import type { Responder } from '../responses/responder.ts';
import type { JournalOptions } from './journal/node-journal.ts';
import type { RuleModule } from './modules/rule-module.ts';
import type { ResponseSet } from './responses/response-set.ts';
import type { RuleChange } from './rules/rules-in-use.ts';
import type { OtherSource } from './sources/other-source.ts';
import type { PodRequestSource } from './sources/pod-request-source.ts';
import { DROP_SETTINGS, type DropListener, type DropSettings } from './watches/drop-watch.ts';
import type { MissingHooksPolicy } from './watches/hook-watch.ts';

export interface AgentOptions {
  /** `builder` captures nothing: tests write its records (native/test). `none`: there is nothing but the other source. Default: bpf. */
  readonly source?: 'bpf' | 'builder' | 'none';
  /** A source of events beside the capture. Modules of its source are evaluated by it. */
  readonly other?: OtherSource;
  /** Requests to enter pods of this node, from elsewhere. Default: only those that the other source receives are known. */
  readonly podRequests?: PodRequestSource;
  /** Evaluates a recording instead of what happens on this machine, as fast as the outputs take the alerts. */
  readonly replay?: {
    readonly path: string;
    /** Name of the machine that recorded it, for the alerts. */
    readonly hostname: string;
    /** Called when all of it is evaluated and the alerts are written. */
    readonly onEnd: (report: ReplayReport) => void;
    /** Called now and then. @param share of the file that was read, 0 to 1 */
    readonly onProgress?: (share: number, events: number) => void;
  };
  /** Default: the capture's (host/capture/open.ts). */
  readonly sizes?: CaptureSizes;
  /** In the order in which they are evaluated. */
  readonly modules: readonly RuleModule[];
  /** Whether the kernel drops events that no rule can match. Default: yes, if the modules have the needs of their rules. */
  readonly kernelFilter?: boolean;
  /** Event types that are not captured, whatever the rules read. Default: none. */
  readonly leftOut?: ReadonlySet<string>;
  /** What happens is kept there, whatever the rules. Default: nothing is. */
  readonly journal?: JournalOptions;
  /** Rules can begin captures. Default: they don't. */
  readonly captures?: CaptureSettings;
  /** What is done about alerts. Default: nothing. */
  readonly responses?: ResponseSet;
  /** Carries it out; closed by stop(). */
  readonly responder?: Responder;
  /** Finds the pods of audit events that are responded to. */
  readonly requestedPods?: FindsPods;
  /** What to do about rules that are blind because the kernel lacks a hook. Default: alert. */
  readonly missingHooks?: MissingHooksPolicy;
  /** Which hooks of system calls are used. Default: auto. */
  readonly hooks?: HooksSetting;
  readonly ruleMatching?: RuleMatching;
  /** How long events and alerts wait for the metadata of a new container. Default: HOLD_LIMITS. */
  readonly hold?: Partial<HoldLimits>;
  /**
   * Exec sessions are joined with the requests that come (from `podRequests` or `other`), and a session is settled so many ms after its
   * beginning. Default: they are not, and their fields are absent.
   */
  readonly kubernetesUsers?: { readonly wait: number };
  /** What is added to alerts beyond the fields of their rules. */
  readonly extras?: AlertExtras;
  /** Whether each alert has the hash of its rule's module, as a field. Default: it has. */
  readonly namesModules?: boolean;
  /** Whether alerts have what the page shows of them. Default: they have not. */
  readonly hasDetails?: boolean;
  /** Closed by stop(). */
  readonly outputs: readonly Output[];
  /** How long outputs may write queued alerts at the end. */
  readonly outputCloseMs?: number;
  /** evt.outputtime, and so on, in ISO 8601. */
  readonly isoTime?: boolean;
  /** evt.buffer, and so on, in base64. */
  readonly base64Buffers?: boolean;
  /** Matches of this process and its children are ignored. For processes that run nothing but the agent. */
  readonly ignoresSelf?: boolean;
  /** Sockets of the container runtimes. Default: the usual ones. */
  readonly runtimes?: Partial<RuntimePlaces>;
  /** The API server to ask about this node's pods; false: none. Default: the one of the service account of the agent's own pod. */
  readonly kubernetes?: KubernetesPlace | false;
  /** Resolves a name that rules compare. Default: the machine's resolver. */
  readonly lookup?: NameLookup;
  /** What to do when events are lost. Default: DROP_SETTINGS. */
  readonly drops?: DropSettings;
  /** Called for lost events if the settings say so. */
  readonly onDrops?: DropListener;
  /** Called with a message for people when something fails. */
  readonly onTrouble?: (message: string) => void;
  /** Called with a message for people about a harmless property of this machine. */
  readonly onNote?: (message: string) => void;
  /** Called when rules were replaced, or new ones were refused; for an event on the agent's own pod, for example. */
  readonly onRules?: (change: RuleChange) => void;
  /** The engine's thread, if it was started before the rules were loaded. Default: it is started now. */
  readonly idleWorker?: IdleWorker;
  /** Called when the engine has ended by itself. Nothing is watched any more; only stop() is left to call. */
  readonly onEnd?: (error: EngineError) => void;
}

const DEFAULTS = {
  leftOut: new Set<string>(),
  extras: {},
  missingHooks: 'alert',
  namesModules: true,
  drops: DROP_SETTINGS,
  onDrops: { onLog: () => {}, onExit: () => {} },
  onTrouble: () => {},
  onNote: () => {},
} satisfies Partial<AgentOptions>;

/** Those that several parts of an agent need have their defaults. */
export type OptionsWithDefaults = AgentOptions & Required<Pick<AgentOptions, keyof typeof DEFAULTS>>;

export function withDefaults(options: AgentOptions): OptionsWithDefaults {
  return { ...DEFAULTS, ...options };
}

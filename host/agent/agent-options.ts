// What an agent is started with.

import type { CaptureSizes } from '../capture/native.ts';
import type { EngineError } from '../engine/engine-error.ts';
import type { IdleWorker } from '../engine/idle-worker.ts';
import type { HoldLimits, RuleMatching } from '../engine/protocol.ts';
import type { RuntimePlaces } from '../metadata/directory/runtime-places.ts';
import type { KubernetesPlace } from '../metadata/kubernetes/connection.ts';
import type { NameLookup } from '../metadata/name-resolver.ts';
import type { AlertExtras } from '../outputs/additions.ts';
import type { Output } from '../outputs/output.ts';
import type { ReplayReport } from '../recording/replay.ts';
import type { DropListener, DropSettings } from './drop-watch.ts';
import type { MissingHooksPolicy } from './hook-watch.ts';
import type { RuleModule } from './rule-module.ts';
import type { RuleChange } from './rule-sets.ts';

export interface AgentOptions {
  /** `builder` captures nothing: events are given to inject(). */
  readonly source?: 'bpf' | 'builder';
  /** Evaluates a recording instead of what happens on this machine, as fast as the outputs take the alerts. */
  readonly replay?: {
    readonly path: string;
    /** Of the machine that it was made on, for the alerts. */
    readonly hostname: string;
    /** All of it was evaluated, and the alerts are written. */
    readonly onEnd: (report: ReplayReport) => void;
  };
  /** Default: the capture's (host/capture/open.ts). */
  readonly sizes?: CaptureSizes;
  /** In the order in which they are evaluated. */
  readonly modules: readonly RuleModule[];
  /** Whether the kernel drops what no rule can match. Default: it does, where the modules say what their rules need. */
  readonly kernelFilter?: boolean;
  /** Event types that are not captured, whatever the rules read. Default: none. */
  readonly leftOut?: ReadonlySet<string>;
  /** What is done about rules that are blind for want of a hook that the kernel does not take. Default: alert. */
  readonly missingHooks?: MissingHooksPolicy;
  readonly ruleMatching?: RuleMatching;
  /** How long events and alerts wait for what is to be known of a new container. Default: HOLD_LIMITS. */
  readonly hold?: Partial<HoldLimits>;
  /** What alerts get besides what their rules read of events. */
  readonly extras?: AlertExtras;
  /** Whether each alert has the hash of its rule's module, as a field. Default: it has. */
  readonly namesModules?: boolean;
  /** Closed by stop(). */
  readonly outputs: readonly Output[];
  /** How long outputs have at the end to write out what is queued. */
  readonly outputCloseMs?: number;
  /** evt.outputtime, and so on, in ISO 8601. */
  readonly isoTime?: boolean;
  /** evt.buffer, and so on, in base64. */
  readonly base64Buffers?: boolean;
  /** No alert is of this process and those that it has started. Of use where nothing but the agent runs in it. */
  readonly ignoresSelf?: boolean;
  /** Where the container runtimes are asked, if not at their usual places. */
  readonly runtimes?: Partial<RuntimePlaces>;
  /** Where the pods of this node are asked for; false: nowhere. Default: where the service account of the agent's own pod leads. */
  readonly kubernetes?: KubernetesPlace | false;
  /** Asks for the addresses of a name that rules compare. Default: the machine's resolver. */
  readonly lookup?: NameLookup;
  /** What is done when events are lost. Default: DROP_SETTINGS. */
  readonly drops?: DropSettings;
  /** Told of them where the settings have it. */
  readonly onDrops?: DropListener;
  /** Told what goes wrong while it runs; each is a sentence for people. */
  readonly onTrouble?: (message: string) => void;
  /** Gets what is worth knowing of this machine and does no harm; each is a sentence for people. */
  readonly onNote?: (message: string) => void;
  /** Rules were replaced, or could not be and those before stay; for an event on the agent's own pod, for example. */
  readonly onRules?: (change: RuleChange) => void;
  /** The engine's thread, made before the rules were there. Default: it is made now. */
  readonly idleWorker?: IdleWorker;
  /** The engine has ended by itself: nothing is watched any more, and stop() is all that is left to do. */
  readonly onEnd?: (error: EngineError) => void;
}

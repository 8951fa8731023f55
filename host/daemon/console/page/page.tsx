// The page: its frame, the view that the address names, and whether it is in touch with the agent.

import { render, type VNode } from 'preact';
import { isSpan } from '../activity/messages.ts';
import { ActivityView, USUAL_SPAN } from './activity/activity.tsx';
import { SessionView } from './activity/session.tsx';
import { AlertView } from './alert/alert.tsx';
import { CaptureView } from './captures/capture.tsx';
import { CapturesView } from './captures/captures.tsx';
import { HealthView } from './health/health.tsx';
import { NowView } from './now/now.tsx';
import { Note, Time } from './parts/text.tsx';
import { RuleView } from './rules/rule.tsx';
import { RulesView } from './rules/rules.tsx';
import { hasSession, openSession } from './state/api.ts';
import { board, openStream } from './state/board.ts';
import { replaceAddress, route } from './state/route.ts';
import { Signal, useSignal } from './state/signal.ts';

const VIEWS = [
  { name: 'now', title: 'Now' },
  { name: 'activity', title: 'Activity' },
  { name: 'captures', title: 'Captures' },
  { name: 'rules', title: 'Rules' },
  { name: 'health', title: 'Health' },
] as const;

type Entry = { readonly kind: 'asking' | 'open' } | { readonly kind: 'refused'; readonly reason: string };

const entry = new Signal<Entry>({ kind: 'asking' });

async function enter(): Promise<void> {
  const [, token] = /^#token=([\w-]+)$/.exec(location.hash) ?? [];
  // A token works once. It must not stay in an address that may be passed on.
  if (token !== undefined) replaceAddress('#/now');
  const refused = token === undefined ? undefined : await openSession(token);
  const session = await hasSession();
  if (session === true) {
    entry.value = { kind: 'open' };
    openStream();
  } else {
    const reason = session === undefined ? 'the agent does not answer' : (refused ?? 'this browser has no session');
    entry.value = { kind: 'refused', reason };
  }
}

function Page(): VNode {
  const { kind, ...rest } = useSignal(entry);
  return (
    <>
      <button type="button" class="skip" onClick={toMain}>
        Skip to content
      </button>
      <header class="bar">
        <span class="brand">Wasprey</span>
        {kind === 'open' && <Navigation />}
        {kind === 'open' && <ConnectionSign />}
      </header>
      <main id="main" tabIndex={-1}>
        {kind === 'asking' && <Note role="status">Connecting to the agent</Note>}
        {kind === 'refused' && <Refused reason={'reason' in rest ? String(rest.reason) : ''} />}
        {kind === 'open' && <View />}
      </main>
    </>
  );
}

function toMain(): void {
  document.getElementById('main')?.focus();
}

function Refused({ reason }: { readonly reason: string }): VNode {
  return (
    <section class="refused">
      <h1>No access</h1>
      <Note role="alert">No access: {reason}.</Note>
      <p>
        On the machine of the agent, <code>wasprey console</code> prints an address that opens the page.
      </p>
    </section>
  );
}

function Navigation(): VNode {
  const { view } = useSignal(route);
  const current = view === 'alert' ? 'now' : view;
  return (
    <nav aria-label="Views">
      {VIEWS.map(({ name, title }) => (
        <a key={name} href={`#/${name}`} aria-current={name === current ? 'page' : undefined}>
          {title}
        </a>
      ))}
    </nav>
  );
}

const SIGNS = {
  connecting: 'connecting',
  open: 'live',
  broken: 'not connected',
  over: 'session over',
} as const;

function ConnectionSign(): VNode {
  const { connection } = useSignal(board);
  return (
    <span class={`connection ${connection}`} role="status">
      <span class="mark" aria-hidden="true" />
      {SIGNS[connection]}
    </span>
  );
}

function View(): VNode {
  const { view, parts } = useSignal(route);
  const { connection, now, hasRestarted } = useSignal(board);
  const isOld = connection === 'broken' || connection === 'over';
  return (
    <div class={isOld ? 'old' : ''}>
      {connection === 'broken' && (
        <div class="banner" role="alert">
          The agent does not answer. The page shows the state of <Time ms={now} />, and continues when the agent is
          back.
        </div>
      )}
      {connection === 'over' && (
        <div class="banner" role="alert">
          The agent has restarted, or the session is over. The page shows the state of <Time ms={now} />;{' '}
          <code>wasprey console</code> prints an address that opens the page again.
        </div>
      )}
      {hasRestarted && connection === 'open' && (
        <div class="banner" role="status">
          The agent has restarted: its counts start at zero again.
        </div>
      )}
      <Chosen view={view} parts={parts} />
    </div>
  );
}

function Chosen({ view, parts }: { readonly view: string; readonly parts: readonly string[] }): VNode {
  switch (view) {
    case 'now':
      return <NowView />;
    case 'alert':
      return <AlertView key={parts.join('/')} instance={parts[0] ?? ''} id={Number(parts[1])} />;
    case 'activity': {
      const [span = USUAL_SPAN, id] = parts;
      if (!isSpan(span)) return <ActivityView span={USUAL_SPAN} />;
      return id === undefined ? <ActivityView span={span} /> : <SessionView key={id} span={span} id={id} />;
    }
    case 'captures': {
      const [name] = parts;
      return name === undefined ? <CapturesView /> : <CaptureView key={name} name={name} />;
    }
    case 'rules': {
      const [name] = parts;
      return name === undefined ? <RulesView /> : <RuleView key={name} name={name} />;
    }
    case 'health':
      return <HealthView />;
    default:
      return <Note role="alert">This page has no such view.</Note>;
  }
}

render(<Page />, document.body);
void enter();

// The agent's own figures, from its /metrics.

/** Samples by `name{labels}`, as they stand there. */
export class Metrics {
  readonly #samples: ReadonlyMap<string, number>;

  /** @param text in Prometheus's format */
  constructor(text: string) {
    const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    this.#samples = new Map(
      lines.map((line) => {
        const end = line.lastIndexOf(' ');
        return [line.slice(0, end), Number(line.slice(end + 1))];
      }),
    );
  }

  /** Sum of the samples of that name whose labels hold all those texts, such as `outcome="dropped"`. */
  sum(name: string, ...labels: readonly string[]): number {
    return [...this.#samples]
      .filter(([key]) => (key === name || key.startsWith(`${name}{`)) && labels.every((label) => key.includes(label)))
      .reduce((sum, [, value]) => sum + value, 0);
  }

  get produced(): number {
    return this.sum('wasprey_events_produced_total');
  }

  /** What became of events: together they are what was produced. */
  get outcomes(): { readonly evaluated: number; readonly filtered: number; readonly dropped: number } {
    const events = (outcome: string): number => this.sum('wasprey_events_total', `outcome="${outcome}"`);
    return { evaluated: events('evaluated'), filtered: events('filtered'), dropped: events('dropped') };
  }

  /** What became of the alerts of an output. */
  output(name: string): { readonly written: number; readonly dropped: number; readonly queued: number } {
    const label = `output="${name}"`;
    return {
      written: this.sum('wasprey_output_alerts_total', label, 'result="written"'),
      dropped: this.sum('wasprey_output_alerts_total', label, 'result="dropped"'),
      queued: this.sum('wasprey_output_queue', label),
    };
  }
}

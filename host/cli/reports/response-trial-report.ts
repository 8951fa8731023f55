// What a backtest prints of responses, for people and as JSON.

import { escapeText } from '../../diagnostics/escape.ts';
import { count, number } from '../../diagnostics/numbers.ts';
import { rateText } from '../../responses/rate.ts';
import type { ResponseFigures, ResponseTrial } from '../../rule-trials/response-trial.ts';
import { shareNames } from './shares.ts';

export function responseTrialJson({ figures }: ResponseTrial): object[] {
  return figures.map(({ response, alerts, acted, places, rules, refused, first, last }) => ({
    response: response.name,
    do: response.action,
    alerts,
    acted,
    refused: Object.fromEntries(refused),
    places: places.list,
    rules: rules.list,
    ...(acted > 0 && { first: time(first), last: time(last) }),
  }));
}

export function renderResponseTrial(trial: ResponseTrial, bold: (text: string) => string): string {
  const { perContainer, perNode } = trial.settings;
  const limits = `${rateText(perContainer)} on a container, ${rateText(perNode)} on the node`;
  const head = `${bold('Responses:')} what they would have done in mode act, at most ${limits}.`;
  return `${['', head, ...trial.figures.flatMap((each) => ['', ...lines(each, bold)])].join('\n')}\n`;
}

function lines(figures: ResponseFigures, bold: (text: string) => string): string[] {
  const { response, alerts, acted, places, rules, refused, first, last } = figures;
  const reasons = [...refused].map(([reason, times]) => `${reason} (${number(times)})`);
  return [
    `${bold(escapeText(response.name))} (${response.action}): ${count(acted, 'time')}, for ${count(alerts, 'alert')}`,
    ...(acted > 0
      ? [
          `  first     ${time(first)}`,
          `  last      ${time(last)}`,
          `  where     ${shareNames(places.list)}`,
          `  rules     ${shareNames(rules.list)}`,
        ]
      : []),
    ...(reasons.length > 0 ? [`  not done  ${reasons.join(', ')}`] : []),
  ];
}

/** ISO 8601 in UTC. */
function time(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

// Manual pages, made from what prints --help and the reference of the configuration's keys.

import {
  allOptions,
  type Command,
  type CommandEntry,
  exitStatuses,
  optionMeaning,
} from '../../host/cli/definition/command.ts';
import { PROGRAM } from '../../host/cli/definition/program.ts';
import { DEFAULT_CONTROL_SOCKET } from '../../host/cli/options/control-options.ts';
import { type ConfigKey, configKeys } from '../../host/cli/reports/config-reference.ts';
import { USUAL_CONFIG } from '../../host/daemon/configuration.ts';
import type { Option } from '../../host/diagnostics/arguments.ts';
import { wrap } from '../../host/diagnostics/layout.ts';
import { version } from '../../host/diagnostics/version.ts';
import {
  bold,
  example,
  italic,
  line,
  type PageName,
  pageHead,
  paragraphs,
  roffPlain,
  roffText,
  section,
  seeAlso,
  tagged,
} from './roff.ts';

export interface ManPage extends PageName {
  readonly text: string;
}

const PROGRAM_PAGE: PageName = { name: 'wasprey', section: 1 };
const CONFIG_PAGE: PageName = { name: 'wasprey.yaml', section: 5 };

/** Of the program, each of its commands, and its configuration. */
export async function manPages(entries: readonly CommandEntry[], date: Date): Promise<readonly ManPage[]> {
  const head = (page: PageName) => pageHead({ ...page, date, source: `Wasprey ${version()}` });
  const commandPages = entries.map(async (entry): Promise<ManPage> => {
    const page = pageOf(entry);
    return { ...page, text: head(page) + commandText(entry, await entry.load()) };
  });
  return [
    { ...PROGRAM_PAGE, text: head(PROGRAM_PAGE) + programText(entries) },
    ...(await Promise.all(commandPages)),
    { ...CONFIG_PAGE, text: head(CONFIG_PAGE) + configText() },
  ];
}

function pageOf({ name }: CommandEntry): PageName {
  return { name: `wasprey-${name}`, section: 1 };
}

function programText(entries: readonly CommandEntry[]): string {
  return [
    nameSection(PROGRAM_PAGE, 'runtime security for Linux'),
    section('synopsis', line(`${bold('wasprey')} ${italic('COMMAND')} [${italic('ARGUMENT')}...]`)),
    section('description', paragraphs([PROGRAM.description])),
    section('commands', entries.map((entry) => tagged(`${bold(pageOf(entry).name)}(1)`, entry.summary)).join('')),
    section('options', optionList(PROGRAM.options)),
    section('exit status', line(roffText(PROGRAM.status))),
    section(
      'files',
      [
        tagged(italic(USUAL_CONFIG), 'The configuration.'),
        tagged(italic(DEFAULT_CONTROL_SOCKET), 'The control socket of a running agent.'),
      ].join(''),
    ),
    seeAlso([...entries.map(pageOf), CONFIG_PAGE]),
  ].join('');
}

function commandText(entry: CommandEntry, command: Command): string {
  const { description, usage, examples } = command;
  const parts = wrap(description, Number.POSITIVE_INFINITY).split('\n\n');
  return [
    nameSection(pageOf(entry), entry.summary),
    section(
      'synopsis',
      line(`${bold(`wasprey ${entry.name}`)} [${italic('OPTION')}...] ${roffPlain(usage)}`.trimEnd()),
    ),
    section('description', paragraphs(parts)),
    section('options', optionList(allOptions(command))),
    section(
      'exit status',
      exitStatuses(command)
        .map(([status, meaning]) => tagged(bold(status), meaning))
        .join(''),
    ),
    section(
      'examples',
      examples.map((shown) => `${line(roffText(shown.effect))}${example(shown.command)}`).join('.PP\n'),
    ),
    seeAlso([PROGRAM_PAGE, CONFIG_PAGE]),
  ].join('');
}

function configText(): string {
  const { applied, unused } = configKeys();
  return [
    nameSection(CONFIG_PAGE, 'configuration of wasprey'),
    section('synopsis', line(italic(USUAL_CONFIG))),
    section(
      'description',
      paragraphs([
        'The configuration of `wasprey run`, in YAML. Its keys are those of Falco and more; a key within a section is written with dots here, ' +
          'as `wasprey run -o` takes it, and `[]` stands for an item of a list. `wasprey config` shows the values in effect.',
      ]),
    ),
    section('keys', applied.map(keyItem).join('')),
    section('keys of falco that have no effect', unused.map(keyItem).join('')),
    seeAlso([PROGRAM_PAGE, { name: 'wasprey-run', section: 1 }, { name: 'wasprey-config', section: 1 }]),
  ].join('');
}

function keyItem({ path, default: usual, meaning }: ConfigKey): string {
  // A list without blanks is a word that is longer than a line.
  const shown = usual.replaceAll('","', '", "');
  return tagged(bold(path), usual === '' ? meaning : `${meaning} Default: \`${shown}\`.`);
}

/** As whatis(1) lists it: a phrase rather than a sentence. */
function nameSection({ name }: PageName, summary: string): string {
  const phrase = summary.charAt(0).toLowerCase() + summary.slice(1).replace(/\.$/, '');
  return section('name', line(`${roffPlain(name)} \\- ${roffText(phrase)}`));
}

function optionList(options: Readonly<Record<string, Option>>): string {
  return Object.entries(options)
    .map(([name, option]) => {
      const names = [...(option.short === undefined ? [] : [bold(`-${option.short}`)]), bold(`--${name}`)].join(', ');
      return tagged(option.kind === 'flag' ? names : `${names} ${italic(option.value)}`, optionMeaning(option));
    })
    .join('');
}

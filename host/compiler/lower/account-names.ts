// Names of users and groups in conditions on parameters, such as `evt.arg.ruid = daemon`. A module has the names of the process's own ids
// alone; other ids are looked up on the machine, for outputs. So their names never match, which the author of a rule should know.
// On setresuid that condition compiles to
//
//   u32(processNumbers(event, 0)) == imageUid(image) &&
//   u32(processNumbers(event, 0)) != 4294967295 &&
//   lengthOf(imageUserName(image)) > 0 &&
//   equals_daemon(imageUserName(image))

import { findParameter } from '../../schema/fields/parameter.ts';
import type { Check, Operand, TransformerArgument } from '../conditions/ast.ts';
import { constantsOf } from '../conditions/fields-of.ts';
import { knownField } from './field.ts';
import type { LoweringContext } from './operand.ts';

/** What conditions know of any id. */
const KNOWN: ReadonlySet<string> = new Set(['root', '<NONE>']);

export function warnOfAccountNames(check: Check, context: LoweringContext): void {
  const { left, right } = check;
  if (context.given) return;
  if (right.kind !== 'operand' && constantsOf(check).every(({ text }) => KNOWN.has(text))) return;
  for (const name of [
    ...foreignIdsIn(left, context),
    ...(right.kind === 'operand' ? foreignIdsIn(right.operand, context) : []),
  ]) {
    const others = 'unless it is root or an id of the process; other names are looked up for outputs only';
    context.warn('field-not-exact', `${name} of ${context.type.name} is <NA> in conditions ${others}`);
  }
}

/** Parameters that are ids of another user or group than the process's own. */
function foreignIdsIn(operand: Operand | TransformerArgument, context: LoweringContext): readonly string[] {
  switch (operand.kind) {
    case 'field': {
      const { field, argument = '' } = knownField(operand.name, operand.argument, context.type);
      if (field.source.from !== 'argument' || field.source.raw) return [];
      const parameter = findParameter(context.type, argument);
      if (!parameter || (parameter.type !== 'UID' && parameter.type !== 'GID')) return [];
      return parameter.becomesOwn || parameter.member?.startsWith('image.') ? [] : [`evt.arg.${parameter.name}`];
    }
    case 'transformer':
      return operand.arguments.flatMap((argument) => foreignIdsIn(argument, context));
    case 'list':
      return operand.items.flatMap((item) => foreignIdsIn(item, context));
    case 'literal':
      return [];
  }
}

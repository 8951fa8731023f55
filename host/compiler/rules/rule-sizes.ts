// Refuses rules whose texts a module can't hold, so that what validates can be loaded.

import { type Context, RuleLoadError } from '../../diagnostics/diagnostic.ts';
import { number } from '../../diagnostics/numbers.ts';
import type { Expression } from '../conditions/ast.ts';
import { checksOf } from '../conditions/fields-of.ts';
import { hostNamesIn } from '../conditions/host-names.ts';
import {
  LONGEST_NAME,
  LONGEST_TAGS,
  MOST_CONDITION_TEXT,
  MOST_EXPANDED,
  MOST_HOST_NAMES,
} from '../ir/module-limits.ts';
import type { Placed } from './collection.ts';
import type { ExpandedSize } from './expanded-size.ts';
import type { RuleItem } from './items.ts';

export class RuleSizes {
  /** In the conditions so far. */
  readonly #hostNames = new Set<string>();
  #text = 0;
  #expanded = 0;

  /** @throws {RuleLoadError} for a rule with a text that is too long */
  check({ name, source, tags, context }: Placed<RuleItem>): void {
    const sizes = [
      ['name', name.length, LONGEST_NAME],
      ['source', source.length, LONGEST_NAME],
      ['tags', [...tags].join(',').length, LONGEST_TAGS],
    ] as const;
    for (const [what, length, most] of sizes) {
      if (length <= most) continue;
      throw new RuleLoadError('LOAD_ERR_VALIDATE', `${what} of more than ${number(most)} characters`, context);
    }
  }

  /**
   * Counts a condition of a rule or macro, with the items of its lists.
   * @throws {RuleLoadError} for the first with which they have too much text
   */
  addText({ length }: string, context: Context): void {
    if (this.#text + length > MOST_CONDITION_TEXT) {
      const most = number(MOST_CONDITION_TEXT);
      const message = `the conditions up to this one have more than ${most} characters with their lists`;
      throw new RuleLoadError('LOAD_ERR_VALIDATE', message, context, { help: 'refer to a long list in one macro' });
    }
    this.#text += length;
  }

  /**
   * Counts the condition of a rule, with its macros.
   * @throws {RuleLoadError} for the first rule with which they are too large
   */
  addExpanded({ nested }: ExpandedSize, context: Context): void {
    if (this.#expanded + nested > MOST_EXPANDED) {
      const most = number(MOST_EXPANDED);
      const message = `the rules up to this one have more than ${most} characters with their macros; each level of nesting counts its text again`;
      throw new RuleLoadError('LOAD_ERR_VALIDATE', message, context, { help: 'refer to fewer and smaller macros' });
    }
    this.#expanded += nested;
  }

  /**
   * Only rules that are enabled count.
   * @throws {RuleLoadError} for the first rule with which they have too many names
   */
  addHostNames({ enabled, conditionContext }: Placed<RuleItem>, condition: Expression): void {
    if (!enabled) return;
    for (const name of checksOf(condition).flatMap(hostNamesIn)) this.#hostNames.add(name);
    if (this.#hostNames.size <= MOST_HOST_NAMES) return;
    const message = `the rules up to this one have more than ${number(MOST_HOST_NAMES)} host names`;
    const help = 'compare with addresses or networks (fd.sip, fd.snet): each name is resolved again and again';
    throw new RuleLoadError('LOAD_ERR_COMPILE_CONDITION', message, conditionContext, { help });
  }
}

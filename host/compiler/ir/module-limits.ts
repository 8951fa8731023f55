// What a module may hold of its rules: Falco has no limits, so these are far beyond any sensible rule. `wasprey validate`
// refuses rules beyond, and so does whatever loads a module.

/** Characters of a rule's name, and of its source. */
export const LONGEST_NAME = 64 * 1024;
/** Characters of all tags of a rule, with commas between them. */
export const LONGEST_TAGS = 64 * 1024;
/** Alternatives of a rule: each is evaluated on events like a rule of its own. */
export const MOST_ALTERNATIVES = 16;
/** Characters of the condition on the exec session of an alternative: the agent evaluates it for each match in a session, with all its constants. */
export const LONGEST_SESSION = 64 * 1024;
/** Automata that all conditions on the exec session compare with: they are made when the module is loaded, each in 0.5 s and 750 KB at most. */
export const MOST_SESSION_AUTOMATA = 64;
/** Host names in the conditions of all rules: each is resolved every 30 s. */
export const MOST_HOST_NAMES = 4096;
/**
 * Characters of the AssemblyScript of all rules. 2,000 mixed rules have 1.1 million, and asc takes 800 MB for them; a module has 0.3 to 0.7 bytes for
 * each, and a single rule's condition may be most of them (sandbox/limits.ts).
 */
export const MOST_SOURCE = 1_750_000;

/** Levels of and, or and not in each other, macros in place. The compiler descends through them: its stack ends at some 1,500. */
export const MOST_LEVELS = 500;
/**
 * Characters of the conditions of all rules with their macros, and 32 for each check, counted anew at each level of and, or and not: so much
 * of them the compiler has in memory at a time. All stock rules together have 500,000.
 */
export const MOST_EXPANDED = 1 << 24;
/** Characters of all conditions, of macros too, with the items of their lists. All stock rules together have 25,000. */
export const MOST_CONDITION_TEXT = 1 << 22;
/** Limit as `MOST_EXPANDED`, times the event types of each rule: the compiler makes a condition for each. All stock rules together have 3.7 million. */
export const MOST_ON_EVENT_TYPES = 1 << 26;

// What a module may hold of texts of its rules: Falco has no limits, so these are far beyond any sensible rule. `wasprey validate` refuses rules beyond, and so does who loads a module.

/** Characters of a rule's name, and of its source. */
export const LONGEST_NAME = 64 * 1024;
/** Of all tags of a rule, with commas between them. */
export const LONGEST_TAGS = 64 * 1024;
/** Host names in the conditions of all rules: each is resolved every 30 s. */
export const MOST_HOST_NAMES = 4096;
/**
 * Characters of the AssemblyScript of all rules. 2,000 mixed rules have 1.1 million, and asc takes 800 MB for them; a module has 0.3 to 0.7 bytes for
 * each, and a single rule's condition may be most of them (sandbox/limits.ts).
 */
export const MOST_SOURCE = 1_750_000;

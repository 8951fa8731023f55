// The places of a run's rules: modules and rule files from the command line, or else those that the configuration names and follows.

import { existsSync } from 'node:fs';
import type { CommandConfiguration } from './configuration.ts';
import { followedPlaces, holdsModule } from './places/followed-places.ts';
import { presentRuleFiles } from './rules/rule-files.ts';

export interface RulePlaces {
  /** Compiled modules, and folders of such. They come before rule files. */
  readonly modules: readonly string[];
  /** Rule files and folders; empty: the rules that come with Wasprey, if there are no modules. */
  readonly ruleFiles: readonly string[];
  /** Places to watch for changes of the rules: files and folders, existing or not. */
  readonly watched: readonly string[];
}

/**
 * Rules of the command line replace those of the configuration.
 * @throws {CommandFailure} if the configuration names rule files and none of them exists
 */
export function rulePlaces(
  modules: readonly string[],
  ruleFiles: readonly string[],
  configured: CommandConfiguration,
): RulePlaces {
  const isNamed = modules.length > 0 || ruleFiles.length > 0;
  return isNamed ? { modules, ruleFiles, watched: [...modules, ...ruleFiles] } : configuredPlaces(configured);
}

function configuredPlaces(configured: CommandConfiguration): RulePlaces {
  const { modules: named, follow, follow_folder } = configured.configuration;
  const followed = followedPlaces({ follow, follow_folder });
  const modules = [...named, ...followed.filter(holdsModule)];
  const given = configuredRules(configured);
  const fetched = followed.filter((place) => existsSync(place) && !holdsModule(place));
  // The folder of followed artifacts stands for their rule files.
  const placed = given?.includes(follow_folder) ? fetched : [];
  const files = given?.flatMap((path) => (path === follow_folder ? fetched : [path]));
  // An empty list of files is an error only if no rules come from elsewhere.
  const isElsewhere = modules.length > 0 || follow.length > 0;
  const present = files === undefined || (files.length === 0 && isElsewhere) ? [] : presentRuleFiles(files);
  return {
    modules,
    ruleFiles: [...present, ...fetched.filter((place) => !placed.includes(place))],
    watched: [...modules, ...followed, ...(files ?? [])],
  };
}

/** Files and folders that the configuration names, existing or not; undefined if it names none. */
function configuredRules({ configuration, loaded }: CommandConfiguration): readonly string[] | undefined {
  const { rules_file, rules_files } = configuration;
  const isSet = loaded?.origins.has('rules_file') || loaded?.origins.has('rules_files');
  return isSet ? [...rules_file, ...rules_files] : undefined;
}

// Disk images: a folder as an ext4 file system in a file.

import { runTool } from './run-tool.ts';

/** Room that a guest has beyond what is there. */
const FREE_MB = 1024;

/** The image is sparse. It has no journal: a guest's writes are thrown away when it ends. */
export function makeDiskImage(folder: string, image: string): void {
  const used = Number(runTool('du', ['-sm', folder]).split('\t')[0]);
  const size = `${Math.ceil(used * 1.1) + FREE_MB}M`;
  runTool('mke2fs', ['-q', '-t', 'ext4', '-O', '^has_journal', '-m', '0', '-d', folder, image, size]);
}
